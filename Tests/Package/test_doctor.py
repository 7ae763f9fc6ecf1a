"""kymo doctor: everything well, then one thing broken at a time; each is named, with what mends it.

In a root without a service manager: systemctl, loginctl and timedatectl are scripts that print what the real ones print
in that state, and the recorder is a socket that answers. That the remedies mend is shown in the virtual machine.
"""

import json
import os
import shutil
import socket
import stat
import threading

import pytest
from conftest import Root, package

HEALTHY_UNIT = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "Result": "success",
                "ConditionResult": "yes", "NeedDaemonReload": "no"}
HEALTHY_SESSION = {"Name": "ada", "Type": "wayland", "Class": "user", "LockedHint": "no", "User": "1000"}
RULE = "70-kymograph.rules"
A11Y_QUESTION = "--user --machine=1000@ --timeout=5 call org.a11y.Bus /org/a11y/bus org.a11y.Bus GetAddress"


class Answer(threading.Thread):
    """A recorder's status socket; the answer is a dictionary that tests change."""

    def __init__(self, path, status):
        super().__init__(daemon=True)
        self.status = status
        path.parent.mkdir(exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall((json.dumps(self.status) + "\n").encode())

    def close(self):
        # Closing alone does not wake a thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.join()
        self.listener.close()


class Patient:
    """A root in which nothing is wrong, until a test breaks something."""

    def __init__(self, root: Root, version: str):
        self.root = root
        self.units = {name: dict(HEALTHY_UNIT) for name in ("kymograph.socket", "kymographd.service")}
        self.session, self.seat, self.clock = dict(HEALTHY_SESSION), "ActiveSession=2\n", "NTPSynchronized=yes\n"
        self.status = {
            "recording": True, "subject": "ada", "version": version, "uptime_us": 1, "devices": 2, "agent": True, "indicator": True,
            "agent_backend": "wlr-foreign-toplevel", "suppressed_spans": {}} | dict.fromkeys((
                "events_permitted", "keys_counted", "events_suppressed", "focus_changes", "focus_uncertainty_us",
                "events_lost_ring", "events_lost_disk", "kernel_losses", "events_written", "chunks_written", "bytes_written",
                "sync_count", "sync_us", "sync_longest_us", "segments_deleted", "write_failures", "cpu_us", "memory_bytes",
                "resident_bytes"), 0)
        self.answers = self.accessible = True
        self.write("usr/share/dbus-1/services/org.a11y.Bus.service", "")
        self.write("etc/kymograph/notice.md", "Be informed.\n")
        self.write("run/udev/tags/kymograph/c13:64", "")
        self.write("dev/input/event0", "")
        self.give_to_input("event0")

    def write(self, path, text, mode=0o644):
        file = self.root.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def give_to_input(self, node, mode="660"):
        self.root.run("chgrp", "input", f"/dev/input/{node}")
        self.root.run("chmod", mode, f"/dev/input/{node}")

    def command(self, name, *lines):
        self.write(f"fake/{name}", "\n".join(["#!/bin/sh", *lines]) + "\n", 0o755)

    def examined(self, *options):
        """Exit code and standard output of the real kymo."""
        cases = [f"*{unit}) cat <<'END'\n" + "".join(f"{k}={v}\n" for k, v in known.items()) + "END\n;;"
                 for unit, known in self.units.items()]
        self.command("systemctl", 'case "$*" in', *cases, "*Version*) echo Version=252 ;;", "esac")
        shown = "\n".join(f"{key}={value}" for key, value in self.session.items())
        self.command("loginctl", 'case "$*" in', f"show-seat*) printf '%b' '{self.seat}' ;;",
                     f"show-session*) cat <<'END'\n{shown}\nEND\n;;", "esac")
        self.command("busctl", f'test "$*" = "{A11Y_QUESTION}" && exit {0 if self.accessible else 1}', "exit 2")
        self.command("timedatectl", f"printf '%b' '{self.clock}'")
        answer = Answer(self.root.path / "run/kymograph/status.sock", self.status) if self.answers else None
        try:
            done = self.root.try_("env", "PATH=/fake:/usr/sbin:/usr/bin:/sbin:/bin", "kymo", "doctor", *options)
        finally:
            if answer:
                answer.close()
                os.unlink(self.root.path / "run/kymograph/status.sock")
        return done.returncode, done.stdout

    def findings(self):
        code, said = self.examined("--json")
        return code, [json.loads(line) for line in said.splitlines()]


@pytest.fixture(scope="module")
def pristine():
    root = Root("bookworm")
    root.install(package())
    yield root
    root.close()


@pytest.fixture
def patient(pristine):
    kept = [pristine.path / path for path in ("etc", "run", "dev/input", f"usr/lib/udev/rules.d/{RULE}", "usr/bin/kymographd")]
    for path in kept:
        if path.is_dir():
            shutil.copytree(path, f"{path}.kept", symlinks=True)
        elif path.exists():
            shutil.copy2(path, f"{path}.kept")
    (pristine.path / "var/lib/kymograph").mkdir(exist_ok=True)
    yield Patient(pristine, pristine.run("kymo", "--version").strip())
    for path in kept:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        backup = path.parent / f"{path.name}.kept"
        if backup.exists():
            backup.rename(path)
    shutil.rmtree(pristine.path / "fake")


def test_nothing_wrong(patient):
    code, found = patient.findings()
    assert code == 0
    assert {(finding["concern"], finding["verdict"]) for finding in found} == {
        (concern, "ok") for concern in (
            "accounts", "configuration", "units", "rules", "devices", "seat", "versions", "recorder", "consent", "agent",
            "indicator", "accessibility", "disk", "clock")}
    assert all(finding.get("remedy") is None for finding in found)


def unit(name, **state):
    return lambda patient: patient.units[name].update(state)


def session(**state):
    return lambda patient: patient.session.update(state)


def status(**state):
    return lambda patient: patient.status.update(state)


def without(path):
    def remove(patient):
        found = patient.root.path / path
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    return remove


def without_line(path, beginning):
    def remove(patient):
        file = patient.root.path / path
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(beginning)))
    return remove


def another_file(path, text):
    return lambda patient: patient.write(path, text)


def closed(kind, reason, **state):
    return status(recording=False, reason=reason, reason_kind=kind, indicator=False, **state)


def attribute(name, value):
    return lambda patient: setattr(patient, name, value)


@pytest.mark.parametrize("breaking, concern, verdict, finding, remedy", [
    (without_line("etc/passwd", "kymograph:"), "accounts", "wrong", "there is no user kymograph", "systemd-sysusers"),
    (without_line("etc/group", "input:"), "accounts", "wrong", "there is no group input", "apt install --reinstall udev"),
    (without("usr/bin/kymographd"), "configuration", "wrong", "there is no /usr/bin/kymographd", "--reinstall kymograph"),
    (another_file("etc/kymograph/kymograph.toml.d/x.toml", "seat = 1\n"), "configuration", "wrong", "is not valid",
     "kymographd --check-config --config /etc/kymograph/kymograph.toml"),
    (without("etc/kymograph/notice.md"), "configuration", "wrong", "nobody can consent", "/etc/kymograph/"),
    (unit("kymographd.service", LoadState="masked"), "units", "wrong", "is masked", "systemctl unmask kymographd.service"),
    (unit("kymograph.socket", LoadState="not-found"), "units", "wrong", "is not there", "--reinstall kymograph"),
    (unit("kymographd.service", UnitFileState="disabled"), "units", "wrong", "is disabled", "systemctl enable kymographd.service"),
    (unit("kymographd.service", ActiveState="failed", Result="watchdog"), "units", "wrong", "has failed (watchdog)",
     "systemctl restart kymographd.service"),
    (unit("kymograph.socket", ActiveState="inactive"), "units", "wrong", "is inactive", "systemctl start kymograph.socket"),
    (unit("kymographd.service", NeedDaemonReload="yes"), "units", "remark", "has changed on disk", "systemctl daemon-reload"),
    (without(f"usr/lib/udev/rules.d/{RULE}"), "rules", "wrong", "security keys would be recorded", "--reinstall kymograph"),
    (another_file(f"etc/udev/rules.d/{RULE}", ""), "rules", "remark", "takes the place of the package's rule",
     f"diff /etc/udev/rules.d/{RULE}"),
    (without("dev/input/event0"), "devices", "wrong", "there is no input device", "plug one in"),
    (without("run/udev/tags/kymograph/c13:64"), "devices", "wrong", "let none of 1 devices through", "udevadm trigger"),
    (lambda patient: patient.give_to_input("event0", "600"), "devices", "wrong", "group input may not read event0",
     "udevadm info /dev/input/event0"),
    (lambda patient: patient.root.run("chgrp", "root", "/dev/input/event0"), "devices", "wrong", "group input may not read",
     "udevadm info"),
    (status(devices=0), "devices", "wrong", "the recorder has opened none", "journalctl"),
    (attribute("seat", ""), "seat", "wrong", "logind does not know seat0", "systemctl status systemd-logind"),
    (attribute("seat", "ActiveSession=\n"), "seat", "remark", "nobody is logged in", "log in"),
    (session(Class="greeter"), "seat", "remark", "of class greeter", "log in"),
    (session(Type="x11"), "seat", "wrong", "of type x11", "Wayland session"),
    (session(LockedHint="yes"), "seat", "remark", "is locked", "unlock it"),
    (attribute("answers", False), "recorder", "wrong", "does not answer", "systemctl start kymographd.service"),
    (status(version="0.0.1"), "versions", "wrong", "kymographd that runs is 0.0.1", "systemctl restart kymographd.service"),
    (status(recording=False, reason="paused"), "recorder", "remark", "does not record: paused", "kymo status"),
    (status(kernel_losses=2), "recorder", "remark", "2 times some in the kernel", "kymo show --kind loss"),
    (status(events_lost_disk=7), "recorder", "remark", "lost 7 events", "kymo show --kind loss"),
    (closed("no_consent", "no consent of ada: none was given yet"), "consent", "wrong", "no consent of ada: none was given",
     "kymo consent grant, by ada alone"),
    (closed("no_indicator", "x"), "indicator", "wrong", "not shown to ada", "journalctl --user"),
    (closed("no_indicator", "x", agent=False), "indicator", "wrong", "not shown to ada", "systemctl --user start"),
    (closed("no_indicator", "x", agent=False), "agent", "wrong", "nothing is recorded", "systemctl --user start"),
    (without("usr/share/dbus-1/services/org.a11y.Bus.service"), "accessibility", "remark", "not installed",
     "apt install at-spi2-core"),
    (attribute("accessible", False), "accessibility", "wrong", "does not answer", "systemctl --user restart at-spi-dbus-bus"),
    (status(agent=False), "agent", "wrong", "nothing is recorded", "systemctl --user start kymograph-agent.service"),
    (status(agent_backend="none"), "compositor", "wrong", "no way to learn the focus", "journalctl --user"),
    (status(agent_backend="none", agent_backend_reason="GNOME Shell's extension is switched off: gnome-extensions enable "
            "kymograph@kymograph.org; the focus stays unknown"), "compositor", "wrong", "extension is switched off",
     "gnome-extensions enable kymograph@kymograph.org, in the session"),
    (status(agent_backend="none", agent_backend_reason="GNOME Shell does not know Kymograph's extension"), "compositor", "wrong",
     "does not know Kymograph's extension", "log out and in"),
    (status(write_failures=3), "disk", "wrong", "3 writes to the journal have failed", "journalctl"),
    (without("var/lib/kymograph"), "disk", "wrong", "there is no /var/lib/kymograph", "systemctl restart kymographd.service"),
    (attribute("clock", "NTPSynchronized=no\n"), "clock", "remark", "no time service", "timedatectl set-ntp true"),
])
def test_what_is_wrong_is_named_with_its_remedy(patient, breaking, concern, verdict, finding, remedy):
    breaking(patient)
    code, found = patient.findings()
    named = [one for one in found if one["verdict"] != "ok"]
    assert (concern, verdict) in {(one["concern"], one["verdict"]) for one in named}
    one = next(one for one in named if one["concern"] == concern)
    assert finding in one["finding"] and remedy in one["remedy"]
    assert code == (1 if any(one["verdict"] == "wrong" for one in named) else 0)


def test_people_read_the_same(patient):
    patient.session["LockedHint"] = "yes"
    code, said = patient.examined()
    assert code == 0
    lines = said.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("remark  seat "))
    assert lines[at].endswith("is locked: nothing is recorded") and lines[at + 1].strip() == "→ unlock it"


def test_what_others_wrote_does_not_reach_the_terminal_raw(patient):
    patient.status["recording"], patient.status["reason"] = False, "\x1b[2Jpaused"
    _, said = patient.examined()
    assert "\x1b" not in said and "paused" in said


def test_the_disk_that_is_nearly_full_is_told(patient):
    """A file system of 64 MiB in the journal's place."""
    place = patient.root.path / "var/lib/kymograph"
    patient.root.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/var/lib/kymograph")
    try:
        code, found = patient.findings()
    finally:
        patient.root.run("umount", "/var/lib/kymograph")
    assert code == 1 and stat.S_ISDIR(place.stat().st_mode)
    disk = next(one for one in found if one["concern"] == "disk")
    assert disk["verdict"] == "wrong" and "of 64 MiB are free" in disk["finding"] and "retain_megabytes" in disk["remedy"]
