"""What KWin has on the session's bus for the devices that its libinput reads; a KWin without a screen reads none. Lines on
stdin: `set NODE PROPERTY true|false` changes it as KWin's settings do, which tells nobody but writes its file; `add NODE` and
`remove NODE`. Answers "done".
"""

import sys
from pathlib import Path

from gi.repository import Gio, GLib

PATH = "/org/kde/KWin/InputDevice"
BOOLEANS = (
    "pointer", "touch", "tapToClick", "lmrTapButtonMap", "tapAndDrag", "tapDragLock", "naturalScroll", "leftHanded",
    "middleEmulation", "disableWhileTyping", "clickMethodAreas", "clickMethodClickfinger", "scrollTwoFinger", "scrollEdge",
    "scrollOnButtonDown", "enabled")  # fmt: skip
MANAGER = """<node><interface name="org.kde.KWin.InputDeviceManager">
<property name="devicesSysNames" type="as" access="read"/>
<signal name="deviceAdded"><arg type="s"/></signal><signal name="deviceRemoved"><arg type="s"/></signal>
</interface></node>"""
DEVICE = (
    '<node><interface name="org.kde.KWin.InputDevice">'
    + "".join(f'<property name="{name}" type="b" access="readwrite"/>' for name in BOOLEANS)
    + '<property name="scrollButton" type="u" access="readwrite"/><property name="name" type="s" access="read"/>'
    # What the agent does not need, of types that nothing else here has.
    + '<property name="size" type="(dd)" access="read"/><property name="pointerAcceleration" type="d" access="read"/>'
    + "</interface></node>")


class Devices:
    def __init__(self, bus):
        self.bus, self.nodes = bus, {}
        information = Gio.DBusNodeInfo.new_for_xml(MANAGER).interfaces[0]
        bus.register_object(PATH, information, None, lambda *_: GLib.Variant("as", list(self.nodes)), None)

    def add(self, node):
        state = {name: False for name in BOOLEANS} | {"pointer": True, "enabled": True}
        information = Gio.DBusNodeInfo.new_for_xml(DEVICE).interfaces[0]

        def read(_bus, _sender, _path, _interface, name):
            others = {"scrollButton": GLib.Variant("u", 274), "name": GLib.Variant("s", f"device {node}"),
                      "size": GLib.Variant("(dd)", (1.0, 2.0)), "pointerAcceleration": GLib.Variant("d", 0.5)}  # fmt: skip
            return others.get(name) or GLib.Variant("b", state[name])

        number = self.bus.register_object(f"{PATH}/{node}", information, None, read, None)
        self.nodes[node] = (number, state)
        self._tell("deviceAdded", node)

    def remove(self, node):
        self.bus.unregister_object(self.nodes.pop(node)[0])
        self._tell("deviceRemoved", node)

    def set(self, node, name, value):
        self.nodes[node][1][name] = value == "true"
        # Written beside it and renamed, as KConfig does.
        directory = Path(GLib.get_user_config_dir())
        (directory / "kcminputrc.new").write_text(f"[Libinput][{node}]\n{name}={value}\n")
        (directory / "kcminputrc.new").rename(directory / "kcminputrc")

    def _tell(self, signal, node):
        self.bus.emit_signal(None, PATH, "org.kde.KWin.InputDeviceManager", signal, GLib.Variant("(s)", (node,)))


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    devices = Devices(bus)
    reply = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                          GLib.Variant("(su)", ("org.kde.KWin", 4)), None, 0, -1, None)  # fmt: skip
    assert reply.unpack()[0] == 1
    loop = GLib.MainLoop()

    def ordered(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        verb, *arguments = line.split()
        getattr(devices, verb)(*arguments)
        print("done", flush=True)
        return True

    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, ordered)
    print("done", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
