"""A logind and a polkit of the test's own, on a bus of its own: who has the seat, as the recorder asks and as signals tell
it, and whether somebody is who they say.

`Login` starts a dbus-daemon and this file as a process, which reads one JSON object a line and answers each with one.
The recorder is pointed at the bus with DBUS_SYSTEM_BUS_ADDRESS, as D-Bus has it for every program.
"""

import contextlib
import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

INTERFACES = """<node>
<interface name="org.freedesktop.login1.Manager">
  <method name="GetSeat"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
  <method name="GetSessionByPID"><arg type="u" direction="in"/><arg type="o" direction="out"/></method>
  <property name="PreparingForSleep" type="b" access="read"/>
</interface>
<interface name="org.freedesktop.login1.Seat"><property name="ActiveSession" type="(so)" access="read"/></interface>
<interface name="org.freedesktop.login1.Session">
  <property name="Id" type="s" access="read"/><property name="User" type="(uo)" access="read"/>
  <property name="Name" type="s" access="read"/><property name="Type" type="s" access="read"/><property name="Class" type="s" access="read"/>
  <property name="Active" type="b" access="read"/><property name="State" type="s" access="read"/>
  <property name="LockedHint" type="b" access="read"/><property name="Remote" type="b" access="read"/>
</interface>
<interface name="org.freedesktop.PolicyKit1.Authority">
  <method name="CheckAuthorization">
    <arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
    <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/>
  </method>
  <method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method>
</interface>
</node>"""
CONFIGURATION = """<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/>
<allow receive_sender="*"/></policy></busconfig>"""
POLKIT, AUTHORITY = "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority"
MANAGER, SEAT = "/org/freedesktop/login1", "/org/freedesktop/login1/seat/seat0"


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    # As the fake agent and the recorder: else logind's word, which comes by this bus, would be later than it was given.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


class Login:
    """The test's side."""

    def __init__(self, directory: Path):
        self.socket = directory / "bus"
        self.address = f"unix:path={self.socket}"
        configuration = directory / "bus.conf"
        configuration.write_text(CONFIGURATION.format(path=self.socket))
        # Started by root it complains of a limit on descriptors that it may not raise.
        self.bus = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nosyslog", f"--config-file={configuration}", "--print-address=1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        assert self.bus.stdout.readline(), "dbus-daemon ended"
        # Whoever is on the machine may ask logind.
        self.socket.chmod(0o666)
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(Path(__file__).resolve()), self.address], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        assert line, "the mock logind ended"
        return json.loads(line)

    def ask(self, **request) -> dict:
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def activate(self, uid: int | None, session: str | None = None, **properties) -> int:
        """Gives the seat to a session of that user (None: to nobody); when, µs."""
        if uid is None:
            return self.ask(do="activate", id="")["time_us"]
        identity = session or f"c{uid}"
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = f"user{uid}"
        self.ask(do="add", id=identity, properties={"Id": identity, "User": [uid, "/u"], "Name": name, **properties})
        return self.ask(do="activate", id=identity)["time_us"]

    def change(self, **properties) -> int:
        """Of the session that has the seat: LockedHint=True…"""
        return self.ask(do="change", properties=properties)["time_us"]

    def sleep(self, begins: bool) -> int:
        return self.ask(do="sleep", begins=begins)["time_us"]

    def place(self, pid: int, session: str | None) -> None:
        """That process is of that session from now on (None: of none, as all are that were not placed)."""
        self.ask(do="place", pid=pid, id=session)

    def polkit(self, answers: str) -> None:
        """From now on it says "yes", "no", does not answer ("hang"), or is not there ("absent")."""
        self.ask(do="polkit", answers=answers)

    def asked(self) -> list[dict]:
        """What polkit was asked so far: pid, uid, action, flags; and what was called off: cancelled."""
        return self.ask(do="asked")["asked"]

    def pause(self) -> None:
        """logind hangs."""
        self.process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        for process in (self.process, self.bus):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def serve(address: str) -> None:
    import time

    from gi.repository import Gio, GLib

    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    interfaces = {interface.name: interface for interface in Gio.DBusNodeInfo.new_for_xml(INTERFACES).interfaces}
    types = {"User": "(uo)", "ActiveSession": "(so)"}
    sessions: dict[str, dict] = {}
    state = {"active": "", "sleeps": False, "polkit": "yes"}
    asked: list[dict] = []
    places: dict[int, str | None] = {}

    def path_of(session: str) -> str:
        return f"/org/freedesktop/login1/session/{session}" if session else "/"

    def variant(name: str, value):
        kind = types.get(name) or ("b" if isinstance(value, bool) else "s")
        return GLib.Variant(kind, tuple(value) if isinstance(value, list) else value)

    def value_of(path: str, name: str):
        if name == "PreparingForSleep":
            return GLib.Variant("b", state["sleeps"])
        if name == "ActiveSession":
            return GLib.Variant("(so)", (state["active"], path_of(state["active"])))
        return variant(name, sessions[path.rsplit("/", 1)[1]][name])

    def export(path: str, interface: str) -> None:
        def called(connection, sender, path, interface, method, arguments, invocation):
            if method == "GetSessionByPID":
                session = places.get(arguments.unpack()[0])
                if session:
                    return invocation.return_value(GLib.Variant("(o)", (path_of(session),)))
                return invocation.return_dbus_error("org.freedesktop.login1.NoSessionForPID", "no session")
            if arguments.unpack() == ("seat0",):
                return invocation.return_value(GLib.Variant("(o)", (SEAT,)))
            invocation.return_dbus_error("org.freedesktop.login1.NoSuchSeat", "no such seat")

        connection.register_object(
            path, interfaces[f"org.freedesktop.login1.{interface}"], called,
            lambda connection, sender, path, interface, name: value_of(path, name), None)

    def authorize(connection, sender, path, interface, method, arguments, invocation) -> None:
        if method == "CancelCheckAuthorization":
            asked.append({"cancelled": arguments.unpack()[0]})
            return invocation.return_value(None)
        (kind, subject), action, _, flags, identity = arguments.unpack()
        asked.append({"kind": kind, "action": action, "flags": flags, "id": identity, **subject})
        if state["polkit"] != "hang":
            answer = (state["polkit"] == "yes", False, {})
            invocation.return_value(GLib.Variant("((bba{ss}))", (answer,)))

    def own(name: str, is_owned: bool) -> None:
        request = GLib.Variant("(su)", (name, 4)) if is_owned else GLib.Variant("(s)", (name,))
        connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "RequestName" if is_owned else "ReleaseName", request, None, Gio.DBusCallFlags.NONE, -1, None)

    def tell(path: str, interface: str, changed: dict) -> None:
        body = GLib.Variant("(sa{sv}as)", (f"org.freedesktop.login1.{interface}", changed, []))
        connection.emit_signal(None, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", body)

    def change(session: str, properties: dict) -> None:
        sessions[session].update(properties)
        # The state is told to nobody: logind does not either.
        told = {name: variant(name, value) for name, value in properties.items() if name != "State"}
        tell(path_of(session), "Session", told)

    def activate(session: str) -> None:
        old, state["active"] = state["active"], session
        if old and old != session:
            change(old, {"Active": False, "State": "online"})
        tell(SEAT, "Seat", {"ActiveSession": value_of(SEAT, "ActiveSession")})
        if session and old != session:
            change(session, {"Active": True, "State": "active"})

    def obey(request: dict) -> None:
        do = request["do"]
        if do == "add":
            is_new = request["id"] not in sessions
            defaults = {"Class": "user", "Type": "wayland", "Active": False, "State": "online", "LockedHint": False, "Remote": False}
            sessions[request["id"]] = {**defaults, **sessions.get(request["id"], {}), **request["properties"]}
            if is_new:
                export(path_of(request["id"]), "Session")
        elif do == "activate":
            activate(request["id"])
        elif do == "change":
            change(state["active"], request["properties"])
        elif do == "sleep":
            state["sleeps"] = request["begins"]
            body = GLib.Variant("(b)", (request["begins"],))
            connection.emit_signal(None, MANAGER, "org.freedesktop.login1.Manager", "PrepareForSleep", body)
        elif do == "place":
            places[request["pid"]] = request["id"]
        elif do == "polkit":
            own(POLKIT, request["answers"] != "absent")
            state["polkit"] = request["answers"]
        connection.flush_sync(None)

    loop = GLib.MainLoop()
    pending = b""

    def read(*_) -> bool:
        nonlocal pending
        data = os.read(0, 65536)
        if not data:
            loop.quit()
            return False
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            obey(json.loads(line))
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            print(json.dumps({"time_us": now, "asked": asked}), flush=True)
        return True

    export(MANAGER, "Manager")
    export(SEAT, "Seat")
    GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, read)
    connection.register_object(AUTHORITY, interfaces[f"{POLKIT}.Authority"], authorize, None, None)
    own("org.freedesktop.login1", True)
    own(POLKIT, True)
    print(json.dumps({"ready": True}), flush=True)
    loop.run()


if __name__ == "__main__":
    serve(sys.argv[1])
