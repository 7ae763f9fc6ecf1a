"""A client that bears witness of the keys it is given. Usage: witness.py KIND APP-ID LOG.

KIND: gtk (an entry of GTK 3), qt (a line edit of Qt 5), tty, which is what runs in a terminal, or vte, a terminal in which that
runs. They are given Control with letters: LOG gets a line `LETTER TIME` for each, µs of CLOCK_MONOTONIC, when they were told.
No caret blinks, and nothing fades: where the processor is emulated, drawing costs the compositor its time.
"""

import os
import sys
import time

KIND, APP, LOG = sys.argv[1:4]
_log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def note(letter):
    os.write(_log, f"{letter} {time.monotonic_ns() // 1000}\n".encode())


def gtk():
    import gi

    for name in ("Gdk", "Gtk"):
        gi.require_version(name, "3.0")
    from gi.repository import Gdk, GLib, Gtk

    def pressed(_, event):
        name = Gdk.keyval_name(event.keyval)
        if len(name) == 1 and event.state & Gdk.ModifierType.CONTROL_MASK:
            note(name)
        return True

    GLib.set_prgname(APP)
    window = Gtk.Window(title="witness")
    Gtk.Settings.get_default().props.gtk_cursor_blink = False
    Gtk.Settings.get_default().props.gtk_enable_animations = False
    window.add(Gtk.Entry())
    window.connect("key-press-event", pressed)
    window.show_all()
    Gtk.main()


def qt():
    from PyQt5.QtCore import QEvent, Qt
    from PyQt5.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

    class Entry(QLineEdit):
        def event(self, event):
            # Else Qt looks for a shortcut first, and the key may end there.
            if event.type() == QEvent.ShortcutOverride:
                event.accept()
                return True
            return super().event(event)

        def keyPressEvent(self, event):
            if Qt.Key_A <= event.key() <= Qt.Key_Z and event.modifiers() & Qt.ControlModifier:
                note(chr(event.key()).lower())

    app = QApplication([APP])
    app.setDesktopFileName(APP)
    app.setCursorFlashTime(0)
    window = QWidget()
    window.setWindowTitle("witness")
    QVBoxLayout(window).addWidget(Entry())
    window.show()
    app.exec_()


def vte():
    import gi

    for name, version in (("Gtk", "3.0"), ("Vte", "2.91")):
        gi.require_version(name, version)
    from gi.repository import GLib, Gtk, Vte

    GLib.set_prgname(APP)
    window = Gtk.Window(title="witness")
    terminal = Vte.Terminal()
    window.add(terminal)
    command = [sys.executable, __file__, "tty", APP, LOG]
    terminal.spawn_sync(Vte.PtyFlags.DEFAULT, None, command, None, GLib.SpawnFlags.DEFAULT, None, None, None)
    window.show_all()
    Gtk.main()


def tty():
    import tty

    tty.setraw(0)
    while data := os.read(0, 64):
        for byte in data:
            # Control and a letter are the letter's number.
            if byte <= 26:
                note(chr(byte + 96))


{"gtk": gtk, "qt": qt, "tty": tty, "vte": vte}[KIND]()
