"""What prompts.py needs of a session, of the guest's real one: programs are the compositor's children, as a person's own are."""

import os
import pwd
import shlex
import time
from pathlib import Path

from guest import SUBJECT

HERE = Path(__file__).resolve().parent
# The prompts' own deadlines are a real machine's.
SLOWNESS = 4


def until(condition, what, seconds=10):
    """Waits for a condition: its value, or a failure that says what was waited for."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        # Who is held up in the condition looks once more.
        is_last = time.monotonic() > deadline
        if value := condition():
            return value
        if is_last:
            raise AssertionError(f"not within {seconds * SLOWNESS} s: {what}")
        time.sleep(0.05)


class Program:
    """A process that the compositor has started: no child of the test's, so that its number is all that there is of it."""

    def __init__(self, pid, log):
        self.pid, self.log = pid, log
        self.process = self

    @property
    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def poll(self):
        """None while it runs, as of subprocess's own."""
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                return None if file.read().rpartition(")")[2].split()[0] != "Z" else 0
        except OSError:
            return 0

    def kill(self):
        os.kill(self.pid, 9)

    def stop(self, number, seconds):
        os.kill(self.pid, number)
        until(lambda: self.poll() is not None, f"process {self.pid} ends", seconds)

    def wait(self):
        until(lambda: self.poll() is not None, f"process {self.pid} ends")


class Desk:
    def __init__(self, compositor, directory):
        self.compositor = compositor
        self.account = pwd.getpwnam(SUBJECT)
        self.directory = self.runtime = Path(directory)
        self.programs = self.runtime / "programs"
        self.programs.mkdir(parents=True)
        bus = f"unix:path=/run/user/{self.account.pw_uid}/bus"
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": bus, "GSETTINGS_BACKEND": "memory", "LANG": "C.UTF-8"}

    def run(self, command, name):
        """Compositors would take a command's quotes and semicolons for its own: it gets the name of a script."""
        log, pid = self.runtime / f"{name}.log", self.runtime / f"{name}.pid"
        for path in (log, pid):
            path.touch()
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        script = self.runtime / f"{name}.sh"
        variables = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in self.environment.items())
        script.write_text(f"#!/bin/sh\n{variables}exec >{log} 2>&1\necho $$ >{pid}\nexec {shlex.join(command)}\n")
        script.chmod(0o755)
        self.compositor.run(script)
        return Program(int(until(pid.read_text, f"{name} is started")), log)

    def message(self, *_):
        """The prompts ask for nothing but the tree."""
        return self.compositor.tree()
