"""The package's life on a machine in use: upgrade, a clock that is set, a full disk, a reboot, removal, purge."""

import glob
import json
import os
import subprocess
import time

import consent
import judge
from bench import FAST, KEYBOARD, MOUSE, TEXT_FIELD
from guest import JOURNAL, SUBJECT, Feeder, Recorder, Sway, now_us, output_of, wait_for

CONFIGURATION = "/etc/kymograph/kymograph.toml.d/test.toml"


class Desk:
    """One keyboard, one window and the installed recorder, without the accounts that Bench keeps."""

    def __init__(self, report, payload, results, part):
        self.report, self.payload, self.recorder = report, payload, Recorder()
        self.sway = Sway()
        self.feeder = Feeder(f"{payload}/clients/uinput-feeder", f"{results}/sent-keys-{part}.json")
        self.keyboard = self.feeder.create("keyboard", KEYBOARD)
        self.mouse = self.feeder.create("mouse", MOUSE)
        if "alpha" not in self.sway.windows():
            log = f"{results}/clients/{part}.json"
            self.sway.command(f"exec {payload}/clients/keylog-client alpha 'Window alpha' {log} {TEXT_FIELD}")
        wait_for("a window with the focus", lambda: any(self.sway.windows().values()))
        wait_for("sway to take the keyboard", lambda: KEYBOARD in self.sway.keyboards())

    def keys_since(self, time_us):
        return [key for key in judge.of_kind(self.recorder.records("--kind", "key"), "key") if key["time_us"] >= time_us]

    def wait_until_keys_are_written(self, seconds=120):
        self.recorder.wait_until_recording(seconds)
        since = now_us()

        def written():
            self.feeder.type(self.keyboard["device"], 2, *FAST)
            time.sleep(1)
            return self.keys_since(since)

        return wait_for("a key to be written", written, seconds)

    def is_whole(self):
        return subprocess.run(["kymo", "verify"], capture_output=True).returncode == 0


def segments():
    """Their numbers: an active segment gets another name when it is closed."""
    return sorted(os.path.basename(path).split(".")[0] for path in glob.glob(f"{JOURNAL}/*.lz4"))


def package(field):
    done = subprocess.run(["dpkg-query", "-W", "-f", f"${{{field}}}", "kymograph"], capture_output=True, text=True)
    return done.stdout


def agent_pid():
    return output_of("systemctl", "--user", f"--machine={SUBJECT}@", "show", "--property=MainPID", "--value",
                     "kymograph-agent.service").strip()


def upgraded(desk):
    report, recorder = desk.report, desk.recorder
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)
    consent.give(report, recorder)
    desk.wait_until_keys_are_written()
    before, daemon, agent, version = segments(), recorder.pid(), agent_pid(), package("Version")
    with open(CONFIGURATION) as file:
        configuration = file.read()
    said = output_of("dpkg", "--install", glob.glob(f"{desk.payload}/kymograph_*.deb")[0])
    desk.wait_until_keys_are_written()
    report.figure("upgrade", f"{version} to {package('Version')}")
    report.check("upgrade: to a newer version", version == "0.0.9" != package("Version"), said)
    report.check("upgrade: the recorder is the new one", recorder.pid() not in (0, daemon))
    report.check("upgrade: the session's agent is the new one", agent_pid() not in ("0", agent), (agent, agent_pid()))
    report.check("upgrade: every segment is still there", set(before) <= set(segments()), (before, segments()))
    with open(CONFIGURATION) as file:
        report.check("upgrade: the configuration is kept", file.read() == configuration)
    report.check("upgrade: the journal is whole", desk.is_whole())


def clock_stepped(desk):
    start = now_us()
    time.clock_settime(time.CLOCK_REALTIME, time.time() + 3600)

    def steps():
        found = judge.of_kind(desk.recorder.records("--kind", "clock"), "clock")
        return [r for r in found if r["reason"] == "step" and r["time_us"] >= start]

    wait_for("the step to be recorded", steps, 30)
    keys = desk.wait_until_keys_are_written()
    desk.report.check("clock: the step is on record", len(steps()) == 1, steps())
    desk.report.check("clock: keys go on, in the order in which they were typed",
                      [k["time_us"] for k in keys] == sorted(k["time_us"] for k in keys))
    desk.report.check("clock: the journal is whole", desk.is_whole())


def fill(path):
    """Takes every block there is: without writing them, which costs an emulated disk minutes, but for the last few."""
    with open(path, "ab") as file:
        step = os.statvfs(path).f_bfree * 4096
        while step >= 65536:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, step)
            except OSError:
                step //= 2
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=4K", "oflag=append", "conv=notrunc"], capture_output=True)


def disk_filled(desk):
    filler = "/var/lib/filler"
    start = now_us()

    def has_failed():
        # Again each time: journald gives space back when it finds the disk full.
        fill(filler)
        # Motion: what keys leave would fit for minutes into the block that the segment has already.
        desk.feeder.ask(f"move {desk.mouse['device']} 1000 3")
        return desk.recorder.status()["write_failures"] > 0

    try:
        wait_for("a write to fail", has_failed, 120)
        desk.recorder.has_open_wound = True
    finally:
        os.unlink(filler)
    desk.wait_until_keys_are_written()
    found = [r for start_us, _, r in judge.spans(desk.recorder.records("--kind", "loss"), "loss") if start_us >= start]
    desk.report.figure("disk full: losses", ", ".join(f"{r['reason']} {r['count']}" for r in found) or "none")
    desk.report.check("disk full: what was not written is on record", any(r["reason"] == "journal_write" for r in found),
                      found)
    before = len(desk.recorder.lines())
    subprocess.run(["systemctl", "restart", "kymographd.service"], check=True)
    desk.recorder.has_open_wound = False
    desk.wait_until_keys_are_written()
    desk.report.check("disk full: the next start makes the journal whole", desk.is_whole())
    desk.report.check("disk full: and loses no record by it", len(desk.recorder.lines()) > before)


def suspended(desk):
    """To memory, and woken by the clock."""
    start = now_us()
    pid = desk.recorder.pid()
    subprocess.run(["rtcwake", "--mode", "mem", "--seconds", "5"], check=True, capture_output=True)

    def resumes():
        found = judge.of_kind(desk.recorder.records("--kind", "clock"), "clock")
        return [r for r in found if r["reason"] == "resume" and r["time_us"] >= start]

    wait_for("the resume to be recorded", resumes, 60)
    keys = desk.wait_until_keys_are_written()
    desk.report.check("suspend: one resume on record", len(resumes()) == 1, resumes())
    desk.report.check("suspend: before any key that came after it", resumes()[0]["time_us"] <= keys[0]["time_us"])
    desk.report.check("suspend: the recorder is the one that was there before", desk.recorder.pid() == pid)
    desk.report.check("suspend: the journal is whole", desk.is_whole())


def diagnosis(report, name):
    """What kymo doctor finds wrong, by concern; as root."""
    done = subprocess.run(["kymo", "doctor", "--json"], capture_output=True, text=True)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = {finding["concern"]: finding for finding in findings if finding["verdict"] == "wrong"}
    report.check(f"doctor, {name}: its exit code says whether anything is wrong", done.returncode == (1 if wrong else 0)
                 and findings, done)
    return wrong


def diagnosed(desk):
    """Breaks one thing after the other; doctor names it and the command that mends it, and the command does."""
    report = desk.report
    print(subprocess.run(["kymo", "doctor"], capture_output=True, text=True).stdout, end="")
    wrong = diagnosis(report, "all well")
    report.check("doctor: finds nothing wrong where nothing is", not wrong, wrong)
    for name, breaking, concern, remedy in [
        ("stopped", "systemctl stop kymograph.socket kymographd.service", "units", "systemctl start kymographd.service"),
        ("masked", "systemctl mask --now kymographd.service", "units", "systemctl unmask kymographd.service"),
        ("disabled", "systemctl disable kymograph.socket", "units", "systemctl enable kymograph.socket"),
        ("untagged", "rm -r /run/udev/tags/kymograph", "devices",
         "udevadm control --reload && udevadm trigger --subsystem-match=input"),
    ]:
        subprocess.run(breaking, shell=True, capture_output=True, check=True)
        found = diagnosis(report, name).get(concern, {})
        report.check(f"doctor, {name}: says what mends it", found.get("remedy") == remedy, found)
        subprocess.run(f"{remedy} && udevadm settle && systemctl start kymographd.service", shell=True, check=True,
                       capture_output=True)
        desk.recorder.wait_until_recording()
        wrong = diagnosis(report, f"{name}, mended")
        report.check(f"doctor, {name}: and it does", not wrong, wrong)


def before_reboot(desk, note):
    desk.feeder.close()
    with open(note, "w") as file:
        json.dump({"segments": segments(), "records": len(desk.recorder.lines())}, file)


def rebooted(desk, note):
    """Nobody starts the recorder: a device does, by udev's rule."""
    desk.wait_until_keys_are_written()
    with open(note) as file:
        before = json.load(file)
    active = output_of("systemctl", "show", "--property=ActiveState", "--value", "kymograph.target").strip()
    desk.report.check("reboot: a device has started the target", active == "active", active)
    wanted = output_of("systemctl", "show", "--property=WantedBy", "--value", "kymograph.target").split()
    desk.report.check("reboot: which is wanted by devices", any(unit.endswith(".device") for unit in wanted), wanted)
    desk.report.check("reboot: every segment is still there", set(before["segments"]) <= set(segments()))
    records = desk.recorder.records()
    desk.report.check("reboot: every record is still there", len(records) > before["records"])
    stops = [r for r in judge.of_kind(records, "recorder") if not r["running"]]
    desk.report.check("reboot: the recorder had stopped in order", len(stops) >= 2 and not judge.spans(
        records[before["records"]:], "loss", {"crash", "torn_tail"}), stops)
    security = output_of("systemd-analyze", "security", "--no-pager", "kymographd.service").splitlines()[-1]
    desk.report.figure("sandbox", security.strip("→ "))


def removed_and_purged(desk):
    report = desk.report
    kept = segments()
    said = output_of("dpkg", "--remove", "kymograph")
    report.check("remove: says what stays", "stays in /var/lib/kymograph" in said, said)
    report.check("remove: keeps the journal and the configuration", segments() == kept and os.path.exists(CONFIGURATION))
    # Exit code 3: inactive, which is what is hoped for.
    states = subprocess.run(["systemctl", "is-active", "kymographd.service", "kymograph.socket"], capture_output=True,
                            text=True).stdout.split()
    running = subprocess.run(["pgrep", "--list-name", "kymo"], capture_output=True, text=True).stdout
    report.check("remove: nothing of it runs", "active" not in states and not running, (states, running))
    said = output_of("dpkg", "--purge", "kymograph")
    report.check("purge: says what it deletes", "deleting what was recorded" in said, said)
    left = [path for path in ("/var/lib/kymograph", "/etc/kymograph", "/run/kymograph") if os.path.exists(path)]
    report.check("purge: nothing is left", not left, left)
