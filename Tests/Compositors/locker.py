"""Stands in for a lock screen on the session's bus: says that it locks, and that it unlocks."""

import time

from gi.repository import Gio, GLib

bus = Gio.bus_get_sync(Gio.BusType.SESSION)
arguments = GLib.Variant("(su)", ("org.freedesktop.ScreenSaver", 0))
bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", arguments, None, 0, -1)
print("ready", flush=True)
# Who listens learns of the name a moment after it is there.
time.sleep(0.3)
for is_locked in (True, False):
    bus.emit_signal(
        None, "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver", "ActiveChanged", GLib.Variant("(b)", (is_locked,)))
bus.flush_sync()
time.sleep(0.3)
