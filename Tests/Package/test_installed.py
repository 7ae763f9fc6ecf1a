"""What an administrator finds after installing."""

import json
import re
import subprocess

import pytest
from conftest import FIGURES, REPOSITORY, package

PROGRAMS = ("kymo", "kymographd", "kymograph-agent")
BINARIES = (*(f"usr/bin/{program}" for program in PROGRAMS), "usr/libexec/kymograph-reader")


def commands(described: dict, above: tuple = ()) -> list[str]:
    name = (*above, described["commandName"])
    inner = [sub for sub in described.get("subcommands", []) if sub["commandName"] != "help"]
    return ["-".join(name)] + [one for sub in inner for one in commands(sub, name)]


@pytest.mark.parametrize("binary", BINARIES)
def test_programs_find_their_libraries(installed, binary):
    """And every symbol in them, at the versions that this Debian has."""
    said = installed.run("ldd", "-r", f"/{binary}")
    assert "not found" not in said and "undefined symbol" not in said


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run(installed, program):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", installed.run(program, "--version"))


def test_package_depends_on_what_is_linked_and_no_more(installed):
    depends = subprocess.run(["dpkg-deb", "--field", package(), "Depends"], check=True, capture_output=True, text=True)
    named = {re.match(r"[a-z0-9.+-]+", one)[0] for one in re.split(r", | \| ", depends.stdout.strip())}
    linked = set()
    for binary in BINARIES:
        for library in re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(
                ["readelf", "-d", installed.path / binary], check=True, capture_output=True, text=True).stdout):
            path = re.search(rf"{re.escape(library)}.* => (\S+)|(\S*{re.escape(library)}) \(",
                             installed.run("ldd", f"/{binary}"))
            owner = installed.run("sh", "-c", f"dpkg -S $(realpath {path[1] or path[2]}) || dpkg -S {path[1] or path[2]}")
            linked.add(owner.split(":")[0])
    # What maintainer scripts and units need, the two names of who authenticates people, and those for systemd-sysusers that
    # debhelper adds.
    others = {"init-system-helpers", "systemd", "systemd-standalone-sysusers", "systemd-sysusers", "udev", "polkitd",
              "policykit-1"}
    assert named - others == linked


def test_configuration_is_valid_as_shipped_and_belongs_to_root(installed):
    assert installed.run("kymographd", "--check-config") == "/etc/kymograph/kymograph.toml: ok\n"
    assert installed.run("stat", "-c", "%U:%G %a", "/etc/kymograph/kymograph.toml") == "root:root 644\n"
    assert "/etc/kymograph/kymograph.toml" in installed.run("dpkg-query", "-W", "-f", "${Conffiles}", "kymograph")


@pytest.mark.parametrize("user, at", [("kymograph", "/var/lib/kymograph"), ("kymograph-reader", "/nonexistent")])
def test_users_of_the_services_are_nobody_else(installed, user, at):
    _, _, uid, _, _, home, shell = installed.run("getent", "passwd", user).strip().split(":")
    assert int(uid) < 1000 and home == at and shell.endswith("nologin")
    assert installed.run("id", "-Gn", user) == f"{user}\n", "the group input comes with the unit alone"


def test_nobody_is_a_reader_until_somebody_is_made_one(installed):
    assert installed.run("getent", "group", "kymograph-readers").strip().endswith(":")


@pytest.mark.parametrize("link", [
    "system/sockets.target.wants/kymograph.socket", "system/sockets.target.wants/kymograph-reader.socket",
    "system/kymograph.target.wants/kymographd.service",
    "user/graphical-session.target.wants/kymograph-agent.service"])
def test_units_are_enabled(installed, link):
    assert installed.exists(f"/etc/systemd/{link}")


def test_path_unit_is_for_those_who_ask(installed):
    assert "kymograph-agent.path" not in installed.run("find", "/etc/systemd")


@pytest.mark.parametrize("scope, unit", [
    ("--system", "kymographd.service"), ("--system", "kymograph.socket"), ("--system", "kymograph-reader.socket"),
    ("--system", "kymograph-reader@1.service"), ("--system", "kymograph.target"),
    ("--user", "kymograph-agent.service"), ("--user", "kymograph-agent.path")])
def test_units_are_understood(installed, scope, unit):
    # --man=no: pages are excluded from roots like this one.
    said = installed.run("systemd-analyze", scope, "verify", "--man=no", unit)
    assert [line for line in said.splitlines() if "kymograph" in line] == []


@pytest.mark.parametrize("unit", ["kymographd.service", "kymograph-reader@.service"])
def test_sandbox_leaves_little(installed, unit):
    """Ten times the score: at most 1.0."""
    said = installed.run("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=10", unit)
    score = re.search(r"Overall exposure level for \S+: (\S+)", said)[1]
    version = installed.run("systemd-analyze", "--version").split()[1]
    FIGURES.append(f"sandbox: systemd-analyze security {unit}: {score} (systemd {version})")
    assert float(score) <= 1.0


@pytest.mark.parametrize("program, section", [("kymo", 1), ("kymographd", 8), ("kymograph-agent", 1)])
def test_every_command_has_a_manual_page_without_warnings(installed, program, section):
    described = json.loads(installed.run(program, "--experimental-dump-help"))
    names = commands(described["command"])
    assert len(names) > 3 or program != "kymo"
    for name in names:
        page = f"/usr/share/man/man{section}/{name}.{section}.gz"
        assert installed.exists(page), page
        shown = installed.try_("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page)
        assert shown.returncode == 0 and shown.stderr == "", shown.stderr
        # Bold is overstruck.
        assert "SYNOPSIS" in re.sub(".\b", "", shown.stdout)


@pytest.mark.parametrize("program", PROGRAMS)
def test_completions_are_there_and_bash_takes_them(installed, program):
    path = f"/usr/share/bash-completion/completions/{program}"
    assert program in installed.run("bash", "-c", f". {path} && complete -p {program}")
    assert installed.exists(f"/usr/share/zsh/vendor-completions/_{program}")
    assert installed.exists(f"/usr/share/fish/vendor_completions.d/{program}.fish")


# -- GNOME

@pytest.mark.parametrize("uuid, versions", [("kymograph@kymograph.org", {"45", "46", "47", "48"}),
                                            ("kymograph-legacy@kymograph.org", {"40", "41", "42", "43", "44"})])
def test_extension_is_where_the_shell_looks(installed, uuid, versions):
    place = f"/usr/share/gnome-shell/extensions/{uuid}"
    known = json.loads(installed.run("cat", f"{place}/metadata.json"))
    assert known["uuid"] == uuid and set(known["shell-version"]) == versions
    assert "session-modes" not in known, "it is unloaded on the lock screen"
    assert known["agent"] == "/usr/bin/kymograph-agent" and installed.exists(known["agent"])
    assert installed.run("ls", place).split() == [
        "agentLink.js", "extension.js", "indicator.js", "keyboardOwner.js", "metadata.json", "outputNames.js",
        "pointerSettings.js", "windowPlace.js"]
    exported = installed.run("sh", "-c", f"grep -c '^export' {place}/*.js || true")
    assert (":0" in exported) == (uuid != "kymograph@kymograph.org")


def test_without_dconf_nothing_of_dconfs_is_touched(installed):
    assert not installed.exists("/usr/share/dconf/profile/user") and not installed.exists("/etc/dconf/db/kymograph")
    files = installed.run("dpkg-query", "-W", "-f", "${Conffiles}", "kymograph")
    assert "/etc/dconf/db/kymograph.d/00-gnome-shell" in files and "/etc/dconf/db/kymograph.d/locks/00-gnome-shell" in files


# -- udev

def test_rules_are_valid(installed):
    """udevadm verify came with systemd 254; Debian 12 has 252, and reads the same file."""
    if installed.suite == "bookworm":
        assert installed.try_("udevadm", "verify").returncode != 0
        return
    said = installed.run("udevadm", "verify", "--no-style", "/usr/lib/udev/rules.d/70-kymograph.rules")
    assert re.search(r"Success: +1\n", said) and re.search(r"Fail: +0\n", said)


def test_rules_change_no_access(installed):
    rules = (REPOSITORY / "udev/70-kymograph.rules").read_text()
    assigned = set(re.findall(r'(?:^|, )([A-Z]+)(?:\{\w+\})?(?:=|\+=|:=)"', rules, re.MULTILINE))
    assert assigned <= {"ENV", "TAG", "GOTO", "LABEL", "IMPORT"}
    assert "uaccess" not in rules


@pytest.mark.parametrize("device, ignored", [
    ("input:b0003v1050p0407e0110-e0,1,4,", True),
    ("input:b0005v1050p0001e0001-e0,1,4,", True),
    ("input:b0003v1D50p60FCe0110-e0,1,4,", True),
    ("input:b0003v1209p4321e0110-e0,1,4,", True),
    ("input:b0003v2C97p1011e0110-e0,1,4,", True),
    ("input:b0003v046DpC31Ce0110-e0,1,4,", False),
    ("name:Example Barcode Scanner HID:", True),
    ("name:AT Translated Set 2 keyboard:", False),
])
def test_lists_of_devices(installed, device, ignored):
    """With the example of an administrator's list in place."""
    listed = installed.path / "etc/udev/hwdb.d/71-kymograph-site.hwdb"
    listed.parent.mkdir(exist_ok=True)
    listed.write_bytes((installed.path / "usr/share/doc/kymograph/examples/71-kymograph-site.hwdb").read_bytes())
    installed.run("systemd-hwdb", "update", "--strict")
    said = installed.try_("systemd-hwdb", "query", f"kymograph:{device}")
    assert ("KYMOGRAPH_IGNORE=1" in said.stdout) == ignored
