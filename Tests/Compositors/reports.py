"""How long apps take to say that a key has moved their focus: between the key and what they say on the accessibility bus.

On a machine that is as busy as the test wants it: what the agent waits behind each key (Sources/Fields) comes from these
figures.
"""

import json
import shutil
import subprocess
import threading
import time

import keys
from session import HERE, until
from typist import Typist


class Load:
    """So many processes that do nothing but run, at the lowest priority there is for them, as a build in the background
    is: they take their turn all the same."""

    def __init__(self, count, nice=19):
        self.processes = [
            subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nice", "-n", str(nice), "sh", "-c", "while :; do :; done"])
            for _ in range(count)
        ]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


class NoDevice:
    """Keys go to the compositor alone."""

    def key(self, code, value):
        return time.monotonic_ns() // 1000


class Listener:
    def __init__(self, desk):
        shutil.copy(HERE / "listener.py", desk.programs)
        self.program = desk.run(
            ["/usr/bin/python3", str(desk.programs / "listener.py")], "listener", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)  # fmt: skip
        assert json.loads(self.program.process.stdout.readline()) == {"ready": True}
        self.reports, self.answers = [], []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.program.process.stdout:
            said = json.loads(line)
            (self.reports if "time_us" in said else self.answers).append(said)

    def after(self, time_us):
        """The first report later than that."""
        return next((said for said in self.reports if said["time_us"] > time_us), None)

    def ask(self, report):
        count = len(self.answers)
        self.program.process.stdin.write(f"ask {report['sender']} {report['path']}\n".encode())
        self.program.process.stdin.flush()
        until(lambda: len(self.answers) > count, "an answer", 20)
        return self.answers[-1]


def measure(desk, prompt, turns, load=0):
    """Goes to and fro between the first and the second field. µs: from each press to the report, and how long each answer
    took; and what the toolkit calls itself. Presses that nothing was said of within 5 s are None."""
    listener = Listener(desk)
    typist = Typist(NoDevice(), desk.display)
    prompt.start()
    # A window says where it is in it once it has settled.
    time.sleep(1)
    burden = Load(load)
    delays, answers, toolkit = [], [], None
    try:
        for turn in range(turns):
            back = turn % 2
            if back:
                typist._send(keys.CODES["leftshift"], 1)
            pressed, _ = typist.key("tab")
            if back:
                typist._send(keys.CODES["leftshift"], 0)
            end = time.monotonic() + 5
            while (report := listener.after(pressed)) is None and time.monotonic() < end:
                time.sleep(0.002)
            delays.append(report["time_us"] - pressed if report else None)
            if report:
                answer = listener.ask(report)
                toolkit = answer["toolkit"]
                answers.append(answer["answered_us"] - answer["asked_us"])
            time.sleep(0.1)
    finally:
        burden.stop()
    prompt.close()
    return delays, answers, toolkit


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
