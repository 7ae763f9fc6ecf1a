"""Where a compositor listens for clients of X11."""

import os
import re
from pathlib import Path

from program import until

PLACE = Path("/tmp/.X11-unix")


def prepare():
    """The sockets' directory, as a system has it for everybody; a compositor would make it for itself alone."""
    PLACE.mkdir(exist_ok=True)
    if os.getuid() == 0:
        os.chown(PLACE, 0, 0)
        PLACE.chmod(0o1777)


def environment(compositor, runtime):
    """What a client needs to find the Xwayland of that process, which most start when the first client comes: the sockets
    are the compositor's own."""

    def open_now():
        for link in Path(f"/proc/{compositor.pid}/fd").iterdir():
            try:
                yield os.readlink(link)
            except FileNotFoundError:
                pass  # Closed since it was listed.

    def listening():
        links = set(open_now())
        found = re.findall(rf" (\d+) @?{PLACE}/X(\d+)$", Path("/proc/net/unix").read_text(), re.M)
        # GNOME 48 keeps another one for its own services, behind it.
        own = [int(display) for inode, display in found if f"socket:[{inode}]" in links]
        return own and f":{min(own)}"

    display = until(listening, "the compositor listens for clients of X11")
    authority = [path for pattern in ("xauth_*", ".mutter-Xwaylandauth.*") for path in runtime.glob(pattern)]
    return {"DISPLAY": display, **({"XAUTHORITY": str(authority[0])} if authority else {})}
