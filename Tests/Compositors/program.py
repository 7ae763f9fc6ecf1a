"""A process of a test's, and waiting for what it does."""

import signal
import subprocess
import time


def until(condition, what, seconds=10):
    """Waits for a condition: its value, or a failure that says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        # Who is held up in the condition looks once more.
        is_last = time.monotonic() > deadline
        if value := condition():
            return value
        if is_last:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


class Program:
    """A process of the session. Dies with this one, whatever happens to either."""

    def __init__(self, command, log, environment, stdin=None, stdout=None):
        self.log = log
        with open(log, "ab") as stream:
            self.process = subprocess.Popen(
                command, env=environment, cwd="/", stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or stream, stderr=stream)  # fmt: skip
        self.pid = self.process.pid

    @property
    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def order(self, line):
        """One line in, one line out, for the clients that take orders."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Exit status, once it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.process.args} did not end within {seconds} s of signal {number}") from None
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        return status
