"""A person at a terminal: a program as that user, on a pseudo terminal of its own, and what they type when it asks."""

import errno
import fcntl
import os
import pty
import select
import shutil
import subprocess
import tempfile
import termios
import time
from pathlib import Path
from typing import NamedTuple

_directory: tempfile.TemporaryDirectory | None = None


class Done(NamedTuple):
    code: int
    output: str


def program(path: Path) -> str:
    """A copy that any user can run: the tree that is tested may be one that they cannot look into."""
    global _directory
    if _directory is None:
        _directory = tempfile.TemporaryDirectory(prefix="kymo-programs-")
        os.chmod(_directory.name, 0o755)
    copy = Path(_directory.name) / path.name
    if not copy.exists():
        shutil.copy(path, copy)
    return str(copy)


def run(command: list[str], uid: int, says: list[tuple[str, str]] = (), seconds: float = 60) -> Done:
    """`says`: a text to wait for, and what is typed then, with Enter."""
    master, terminal = pty.openpty()

    def sit_down() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if uid != os.geteuid():
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)

    if uid != os.geteuid():
        os.fchown(terminal, uid, -1)
    # No bus of a session: where one is, its agent for passwords would be asked.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DBUS_")}
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=sit_down, cwd="/",
        env={**environment, "TERM": "dumb", "SWIFT_BACKTRACE": "enable=no"})
    os.close(terminal)
    output, waiting, deadline = "", list(says), time.monotonic() + seconds
    try:
        while True:
            if waiting and waiting[0][0] in output:
                os.write(master, waiting.pop(0)[1].encode() + b"\n")
            assert time.monotonic() < deadline, f"{command} does not end; it said:\n{output}"
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                break
            output += data.decode(errors="replace").replace("\r\n", "\n")
        return Done(process.wait(20), output)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
