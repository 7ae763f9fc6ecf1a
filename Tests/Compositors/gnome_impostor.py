"""A program of the session that is not the agent, or not GNOME Shell. Usage: `call METHOD` calls the extension and prints
what it says; `be NAME` takes the name, answers as the extension does, and prints each call.
"""

import sys

from gi.repository import Gio, GLib


STATE = GLib.Variant("((tuissbyis))", ((1, 7, 1, "editor", "made up", False, 0, 0, ""),))
INTERFACE = """<node><interface name="org.kymograph.Shell">
<method name="Attach"><arg type="(tuissbyis)" direction="out"/></method>
<method name="Confirm"><arg type="(tuissbyis)" direction="out"/></method>
<method name="Show"><arg type="y" direction="in"/><arg type="s" direction="in"/><arg type="b" direction="in"/></method>
</interface></node>"""


def serve(bus):
    def called(_bus, _sender, _path, _interface, method, _values, invocation):
        print(method, flush=True)
        invocation.return_value(None if method == "Show" else STATE)

    information = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
    bus.register_object("/org/kymograph/Shell", information, called, None, None)


def main():
    _, _, verb, argument = sys.argv
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    if verb == "be":
        serve(bus)
        reply = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                              GLib.Variant("(su)", (argument, 4)), None, 0, -1, None)  # fmt: skip
        print("owned" if reply.unpack()[0] == 1 else "refused", flush=True)
        return GLib.MainLoop().run()
    values = GLib.Variant("(ysb)", (0, "recording", False)) if argument == "Show" else None
    try:
        said = bus.call_sync("org.gnome.Shell", "/org/kymograph/Shell", "org.kymograph.Shell", argument, values, None,
                             Gio.DBusCallFlags.NO_AUTO_START, 10000, None).unpack()  # fmt: skip
    except GLib.Error as error:
        said = error.message
    print(said, flush=True)


if __name__ == "__main__":
    main()
