"""A program of the session that is not the agent. Usage: weston_guess.py SOCKET. Prints whether kymograph_weston_v1 is
listed, and at which numbers of the registry it could be bound although it is not: libwayland numbers globals from 1 on.
"""

import json
import sys

from wire import Display, ProtocolError, text, uint

INTERFACE = "kymograph_weston_v1"


def binds(path, number):
    display = Display(path)
    bound = display.new()
    display.request(display.registry, 0, uint(number), text(INTERFACE), uint(1), uint(bound))
    try:
        display.roundtrip()
    except (ProtocolError, ConnectionError):
        return False
    finally:
        display.socket.close()
    return True


def main():
    path = sys.argv[1]
    offered = Display(path).globals
    hidden = set(range(1, max(offered.values()) + 10)) - set(offered.values())
    print(json.dumps({
        "listed": [name for name in offered if name == INTERFACE], "tried": len(hidden),
        "bound": [number for number in sorted(hidden) if binds(path, number)]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
