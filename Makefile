# The commands of this project. `make` alone lists them.
# What a machine lacks (Debian packages) is installed first; nothing else on it is changed.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.PHONY: help run test unit testbed compositors faults fuzz vm-test vm-bookworm vm-trixie clean-root roots soak bench guard lint deb weston-deb package-test same-bytes \
    install programs pages build debug packages clean

# Kept between runs: guest images, the root of Debian 13 for its compositors.
export KYMO_CACHE ?= $(CURDIR)/.cache
# The binaries that the tests run: optimised and without the Swift runtime as a dependency, as they are shipped.
export KYMO_BIN ?= $(CURDIR)/.build/release

# One set of flags, so that what is tested is what is shipped. No runpath: nothing of ours lies beside the programs. The
# paths of the machine that builds stay out, so that two machines build the same bytes.
swift_release := swift build -c release --static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now \
    -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. -Xcc -ffile-prefix-map=$(CURDIR)=.

# For `make install`, which builds nothing: `make build pages` first.
DESTDIR ?=
prefix ?= /usr
unitdir ?= $(prefix)/lib/systemd/system
udevdir ?= $(prefix)/lib/udev

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

run: packages build ## record and show: real devices where they can be opened, else a simulated keyboard and mouse
	@Tests/Testbed/run-here

test: packages unit testbed compositors ## all tests but those in the virtual machine

unit: packages debug
	@status=0
	swift test --skip-build || status=1
	Tests/check-generated.sh || status=1
	/usr/bin/python3 -B -m pytest -p no:cacheprovider -q Tests/VM/test_*.py || status=1
	exit $$status

testbed: packages build
	@Tests/Testbed/run

compositors: packages build
	@Tests/Compositors/run

roots: packages ## the Debians that tests enter and boot, beforehand (each is made once; needs root)
	@for suite in bookworm trixie; do
	    Tests/VM/build-image.sh $$suite
	    Tests/Package/root.sh $$suite
	done
	Tests/Compositors/debian13-root
	packaging/weston-root

package-test: deb weston-deb ## the packages in roots of Debian 12 and 13 (needs root)
	@Tests/Package/run

weston-deb: packages ## the module for Debian 13's Weston, built in a root of it, into .build/deb (needs root)
	@packaging/weston-deb

same-bytes: deb ## builds the package again, elsewhere, and compares
	@packaging/build-twice

faults: packages ## the long runs of the journal's fault tests: every bit of a MiB flipped, more power cuts (half an hour)
	@Tests/run-faults

fuzz: packages ## every parser, FUZZ_RUNS times each (Tests/Fuzz/run says what else can be set)
	@Tests/Fuzz/run

vm-test: vm-bookworm vm-trixie ## the tests with a real kernel: Debian 12 and 13 in an emulated machine, five minutes at 1 kHz, the power cut 40 times

vm-bookworm: deb
	@status=0
	for parts in 'desk endurance life' suspend secrets; do
	    KYMO_VM_CUTS=40 KYMO_VM_PARTS=$$parts Tests/VM/run bookworm || status=1
	done
	exit $$status

vm-trixie: deb
	@KYMO_VM_PARTS=desk Tests/VM/run trixie

clean-root: packages ## make run and make test in a fresh Debian 12 root (needs root)
	@Tests/CleanRoot/run

soak: packages build deb ## the long ones: the package's life in Debian 13, Wayfire and Hyprland there, also among real clients, secrets in browsers, an hour at 1 kHz in each guest, the power cut 240 times in each, the clean root, the focus moved 1,000 times among real clients, 8 kHz, the package twice
	@KYMO_VM_PARTS=life Tests/VM/run trixie
	for part in {wayfire,hyprland}{,-clients}; do KYMO_VM_PARTS=$$part Tests/VM/run trixie; done
	KYMO_VM_PARTS=browsers Tests/VM/run bookworm
	for suite in bookworm trixie; do KYMO_VM_PARTS=endurance KYMO_VM_SECONDS=$${KYMO_VM_SECONDS:-3600} Tests/VM/run $$suite; done
	KYMO_RESTS=1 KYMO_FOCUS_CHANGES=1000 Tests/Compositors/run -k "real_clients or half_a_minute"
	KYMO_RATE_SECONDS=120 Tests/Testbed/run -k 8_khz
	KYMO_HOT_PATH_SECONDS=35 Tests/Testbed/run test_hot_path.py
	Benchmarks/soak 3600
	Tests/CleanRoot/run
	packaging/build-twice

bench: packages build ## every figure beside its reference, into docs/BENCHMARKS.md (a quarter of an hour; KYMO_TRACE: a real trace)
	@Tests/install-packages benchmarks
	Benchmarks/run

guard: packages ## instructions per event on the hot path may not grow by more than 10 %
	@$(swift_release) --product hotpath
	Benchmarks/guard .build/release/hotpath

lint: packages ## formatting of Swift, shell scripts, warnings
	@swift format lint --strict --recursive Sources Tests Benchmarks Package.swift
	git ls-files -z | xargs -0 file --mime-type | sed -n 's/: *text\/x-shellscript$$//p' | xargs shellcheck

build: packages programs

programs:
	@$(swift_release)

pages: ## man pages and completions, from the programs themselves (needs `make build`)
	@packaging/pages "$(KYMO_BIN)" .build/share

deb: packages build pages ## the Debian package, into .build/deb
	@packaging/build-deb

install: ## copies what was built to DESTDIR, the way the Debian package has it
	install -D -m 755 -t $(DESTDIR)$(prefix)/bin $(KYMO_BIN)/kymographd $(KYMO_BIN)/kymograph-agent $(KYMO_BIN)/kymo
	install -D -m 644 -t $(DESTDIR)$(unitdir) systemd/kymographd.service systemd/kymograph.socket systemd/kymograph.target \
	    systemd/kymograph-metrics.service systemd/kymograph-metrics.timer \
	    systemd/kymograph-reader.socket systemd/kymograph-reader@.service
	install -D -m 755 -t $(DESTDIR)$(prefix)/libexec $(KYMO_BIN)/kymograph-reader
	install -D -m 644 -t $(DESTDIR)$(prefix)/lib/systemd/user systemd/kymograph-agent.service systemd/kymograph-agent.path
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(prefix)/lib/sysusers.d/kymograph.conf
	install -D -m 644 systemd/tmpfiles.conf $(DESTDIR)$(prefix)/lib/tmpfiles.d/kymograph.conf
	install -D -m 644 -t $(DESTDIR)$(udevdir)/rules.d udev/70-kymograph.rules
	install -D -m 644 -t $(DESTDIR)$(udevdir)/hwdb.d udev/70-kymograph.hwdb
	# Every key as a comment: a default that changes with a release then holds where nobody has decided otherwise.
	mkdir -p $(DESTDIR)/etc/kymograph
	sed 's/^[a-z]/#&/' docs/kymograph.toml > $(DESTDIR)/etc/kymograph/kymograph.toml
	install -m 644 -t $(DESTDIR)/etc/kymograph data/notice.md
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/polkit-1/actions data/org.kymograph.policy
	install -D -m 644 packaging/sway.conf $(DESTDIR)/etc/sway/config.d/60-kymograph.conf
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/applications packaging/kymograph-agent.desktop
	packaging/gnome-extensions $(DESTDIR)$(prefix)/share/gnome-shell/extensions
	install -D -m 644 packaging/dconf/profile $(DESTDIR)$(prefix)/share/kymograph/dconf-profile
	install -D -m 644 packaging/dconf/00-gnome-shell $(DESTDIR)/etc/dconf/db/kymograph.d/00-gnome-shell
	install -D -m 644 packaging/dconf/locks/00-gnome-shell $(DESTDIR)/etc/dconf/db/kymograph.d/locks/00-gnome-shell
	mkdir -p $(DESTDIR)$(prefix)/share
	cp -r --no-preserve=mode .build/share/. $(DESTDIR)$(prefix)/share

debug: packages
	@swift build --build-tests

packages:
	@Tests/install-packages

clean: ## everything that was built; the cache stays
	rm -rf .build
