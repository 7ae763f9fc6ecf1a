"""A program of the session that takes KWin's name on the bus without being the compositor, and prints each call that it gets.
"""

from gi.repository import Gio, GLib

INTERFACE = """<node><interface name="org.kde.kwin.Scripting">
<method name="unloadScript"><arg type="s" direction="in"/><arg type="b" direction="out"/></method>
<method name="loadScript"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="i" direction="out"/></method>
<method name="start"/>
</interface></node>"""
ANSWERS = {"unloadScript": GLib.Variant("(b)", (False,)), "loadScript": GLib.Variant("(i)", (0,)), "start": None}


def called(_bus, _sender, _path, _interface, method, _values, invocation):
    print(method, flush=True)
    invocation.return_value(ANSWERS[method])


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    bus.register_object("/Scripting", Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], called, None, None)
    reply = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                          GLib.Variant("(su)", ("org.kde.KWin", 4)), None, 0, -1, None)  # fmt: skip
    print("owned" if reply.unpack()[0] == 1 else "refused", flush=True)
    GLib.MainLoop().run()


main()
