"""What Debian 12 does not have: compositors of Debian 13, in one root for them all."""

import shutil
import subprocess
from pathlib import Path

from program import until


class InDebian13:
    """A compositor in that root, entered by chroot, which takes root. Its clients are those of this machine, as is the agent."""

    # Where it is; conftest knows.
    root = None

    def in_root(self, command):
        # A mount namespace needs no cleaning up: it ends with its last process. The session's directory, and the recorder's,
        # have the same path in it, so that addresses of buses and sockets are the same.
        script = (
            'set -e; root=$1; shift; for place in dev proc sys tmp; do mount --rbind "/$place" "$root/$place"; done; '
            'exec chroot "$root" "$@"'
        )
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", str(self.root), *command]

    def command(self):
        return self.in_root(super().command())

    def as_seen(self, program, start=lambda command: command):
        """The path of a program by /proc/PID/exe, as something in the root reads it. `start` says how the program is started.

        Each has a mount namespace of its own, so that the root does not hide where the root is: another process looks at one
        beside it. Where all this is in a root already (make clean-root), that root is not hidden either."""
        stand_in = Path(shutil.copy("/bin/sleep", self.programs / "stand-in"))
        running = subprocess.Popen(start([str(stand_in), "60"]))
        try:
            look = self.in_root(["readlink", f"/proc/{running.pid}/exe"])
            seen = until(lambda: (said := subprocess.run(look, capture_output=True, text=True).stdout.strip())
                         .endswith(stand_in.name) and said, f"the stand-in for {program} runs")
        finally:
            running.kill()
            running.wait()
        return seen.removesuffix(str(stand_in)) + str(program)
