"""Passes a test's orders on to the hand in GNOME Shell. Lines on stdin: a verb, and what it is to be done with. Answers
"done BEFORE AFTER" (CLOCK_MONOTONIC, µs: it took effect in between), or what the hand said instead.
"""

import sys
import time

from gi.repository import Gio, GLib


def now():
    return time.monotonic_ns() // 1000


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)

    def order(verb, argument=""):
        return bus.call_sync(
            "org.gnome.Shell", "/org/kymograph/Hand", "org.kymograph.Hand", "Do", GLib.Variant("(ss)", (verb, argument)),
            None, Gio.DBusCallFlags.NO_AUTO_START, 20000, None).unpack()[0]  # fmt: skip

    deadline = time.monotonic() + 30
    while True:
        try:
            if (said := order("ready")) == "done":
                break
        except GLib.Error as error:
            said = error.message
        if time.monotonic() > deadline:
            sys.exit(print(said))
        time.sleep(0.05)
    print("done", flush=True)
    for line in sys.stdin:
        before = now()
        try:
            said = order(*line.strip().split(maxsplit=1))
        except GLib.Error as error:
            said = error.message
        print(f"done {before} {now()}" if said == "done" else said.replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
