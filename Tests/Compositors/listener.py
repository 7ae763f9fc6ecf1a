"""What apps say of their focus on the accessibility bus, and how long they take to answer. Started by reports.py as the
desk's user; lines of JSON on stdout: {"time_us", "sender", "path"} for every field that says that it has got the focus,
and for the order `ask SENDER PATH` on stdin {"asked_us", "answered_us", "toolkit"}: GetState and GetRole, as the agent asks.
"""

import json
import sys
import threading
import time

from gi.repository import Gio, GLib

ACCESSIBLE = "org.a11y.atspi.Accessible"


def now_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def say(**words):
    print(json.dumps(words), flush=True)


def main():
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    launcher = ("org.a11y.Bus", "/org/a11y/bus")
    address = session.call_sync(*launcher, "org.a11y.Bus", "GetAddress", None, None, 0, -1, None).unpack()[0]
    on = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
    session.call_sync(*launcher, "org.freedesktop.DBus.Properties", "Set", on, None, 0, -1, None)
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)

    def heard(connection, sender, path, interface, signal, arguments):
        if arguments.unpack()[1]:
            say(time_us=now_us(), sender=sender, path=path)

    bus.signal_subscribe(
        None, "org.a11y.atspi.Event.Object", "StateChanged", None, "focused", Gio.DBusSignalFlags.NONE, heard)
    bus.call_sync(
        "org.a11y.atspi.Registry", "/org/a11y/atspi/registry", "org.a11y.atspi.Registry", "RegisterEvent",
        GLib.Variant("(sass)", ("object:state-changed:focused", [], "")), None, 0, -1, None)  # fmt: skip

    def orders():
        for line in sys.stdin:
            _, sender, path = line.split()
            asked = now_us()
            state = bus.call_sync(sender, path, ACCESSIBLE, "GetState", None, None, 0, 10_000, None)
            bus.call_sync(sender, path, ACCESSIBLE, "GetRole", None, None, 0, 10_000, None)
            answered = now_us()
            name = GLib.Variant("(ss)", ("org.a11y.atspi.Application", "ToolkitName"))
            root = "/org/a11y/atspi/accessible/root"
            try:
                toolkit = bus.call_sync(
                    sender, root, "org.freedesktop.DBus.Properties", "Get", name, None, 0, 10_000, None).unpack()[0]
            except GLib.Error as error:
                toolkit = f"? {error.message}"
            say(asked_us=asked, answered_us=answered, toolkit=toolkit, state=state.unpack()[0])

    threading.Thread(target=orders, daemon=True).start()
    say(ready=True)
    GLib.MainLoop().run()


main()
