# The commands of this project. `make` alone lists them.
# What a machine lacks (Debian packages) is installed first; nothing else on it is changed.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.PHONY: help run test unit testbed compositors faults fuzz vm-test clean-root soak bench guard lint build debug packages clean

# Kept between runs: guest images, the newer Debian root for labwc.
export KYMO_CACHE ?= $(CURDIR)/.cache
# The binaries that the tests run: optimised and without the Swift runtime as a dependency, as they are shipped.
export KYMO_BIN ?= $(CURDIR)/.build/release

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

run: packages build ## record and show: real devices where they can be opened, else a simulated keyboard and mouse
	@Tests/Testbed/run-here

test: packages unit testbed compositors ## all tests but those in the virtual machine

unit: packages debug
	@swift test --skip-build
	Tests/check-generated.sh

testbed: packages build
	@Tests/Testbed/run

compositors: packages build
	@Tests/Compositors/run

faults: packages ## the long runs of the journal's fault tests: every bit of a MiB flipped, more power cuts (an hour)
	@KYMO_THOROUGH=1 KYMO_FLIP_BYTES=$${KYMO_FLIP_BYTES:-1048576} swift test -c release -Xswiftc -enable-testing \
		--scratch-path .build-faults --filter 'FlipTests|CutSegmentTests|ErrorTests|PowerCutTests' | grep -v '^◇'

fuzz: packages ## every parser, FUZZ_RUNS times each (Tests/Fuzz/run says what else can be set)
	@Tests/Fuzz/run

vm-test: packages build ## the tests with a real kernel: Debian 12 in an emulated machine
	@Tests/VM/run bookworm

clean-root: packages ## make run and make test in a fresh Debian 12 root (needs root)
	@Tests/CleanRoot/run

soak: packages build ## the long ones: the second guest, the clean root, half an hour at 8 kHz
	@Tests/VM/run trixie
	KYMO_RATE_SECONDS=1800 Tests/Testbed/run -k 8_khz
	KYMO_HOT_PATH_SECONDS=35 Tests/Testbed/run test_hot_path.py
	Benchmarks/soak 3600
	Tests/CleanRoot/run

bench: packages build ## every figure beside its reference, into docs/BENCHMARKS.md (a quarter of an hour; KYMO_TRACE: a real trace)
	@Tests/install-packages benchmarks
	Benchmarks/run

guard: packages ## instructions per event on the hot path may not grow by more than 10 %
	@swift build -c release --static-swift-stdlib --product hotpath
	Benchmarks/guard .build/release/hotpath

lint: packages ## formatting of Swift, shell scripts, warnings
	@swift format lint --strict --recursive Sources Tests Benchmarks Package.swift
	git ls-files -z | xargs -0 file --mime-type | sed -n 's/: *text\/x-shellscript$$//p' | xargs shellcheck

build: packages
	@swift build -c release --static-swift-stdlib

debug: packages
	@swift build --build-tests

packages:
	@Tests/install-packages

clean: ## everything that was built; the cache stays
	rm -rf .build
