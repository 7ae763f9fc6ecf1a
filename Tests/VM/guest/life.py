"""The package's life on a machine in use: upgrade, and a clock that is set."""

import glob
import os
import subprocess
import time

import judge
from bench import FAST, KEYBOARD
from guest import JOURNAL, SUBJECT, Feeder, Recorder, Sway, now_us, output_of, wait_for

CONFIGURATION = "/etc/kymograph/kymograph.toml.d/test.toml"


class Desk:
    """One keyboard, one window and the installed recorder, without the accounts that Bench keeps."""

    def __init__(self, report, payload, results, part):
        self.report, self.payload, self.recorder = report, payload, Recorder()
        self.sway = Sway()
        self.feeder = Feeder(f"{payload}/clients/uinput-feeder", f"{results}/sent-keys-{part}.json")
        self.keyboard = self.feeder.create("keyboard", KEYBOARD)
        if "alpha" not in self.sway.windows():
            self.sway.command(f"exec {payload}/clients/keylog-client alpha 'Window alpha' {results}/clients/{part}.json")
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
