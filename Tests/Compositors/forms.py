"""A window with three fields: ordinary, secret, ordinary. Usage: forms.py KIND APP-ID LOG.

KIND: gtk3 and gtk4 (an entry for passwords), gtk4-hidden (an entry that only hides its text), qt. Tab goes to the next
field. Or webkit URI: a page. Or vte SCRIPT: one terminal that runs it, as GNOME's and most others' are made of. LOG gets a line for every change, so that the test knows what arrived where: `ready`, `at NUMBER` (that field has
the focus), `text NUMBER TEXT`.
"""

import os
import sys

KIND, APP, LOG = sys.argv[1:4]
_log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def say(*words):
    os.write(_log, (" ".join(str(word) for word in words) + "\n").encode())


def gtk3():
    import gi

    gi.require_version("Gtk", "3.0")
    from gi.repository import GLib, Gtk

    GLib.set_prgname(APP)
    window = Gtk.Window(title="form")
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
    window.add(box)
    for number in range(3):
        entry = Gtk.Entry(visibility=number != 1)
        if number == 1:
            entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
        entry.connect("changed", lambda entry, number=number: say("text", number, entry.get_text()))
        entry.connect("focus-in-event", lambda *_, number=number: say("at", number))
        box.add(entry)
    window.show_all()
    say("ready")
    Gtk.main()


def vte():
    import gi

    gi.require_version("Gtk", "3.0")
    gi.require_version("Vte", "2.91")
    from gi.repository import GLib, Gtk, Vte

    GLib.set_prgname(APP)
    window = Gtk.Window(title="terminal")
    terminal = Vte.Terminal()
    window.add(terminal)
    terminal.spawn_sync(Vte.PtyFlags.DEFAULT, None, ["bash", sys.argv[4]], None, GLib.SpawnFlags.SEARCH_PATH, None, None, None)
    window.show_all()
    say("ready")
    Gtk.main()


def gtk4():
    import gi

    gi.require_version("Gtk", "4.0")
    from gi.repository import GLib, Gtk

    def activate(app):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        for number in range(3):
            if number != 1:
                entry = Gtk.Entry()
            elif KIND == "gtk4":
                entry = Gtk.PasswordEntry()
            else:
                entry = Gtk.Entry(visibility=False)
            entry.connect("changed", lambda entry, number=number: say("text", number, entry.get_text()))
            focus = Gtk.EventControllerFocus()
            focus.connect("enter", lambda *_, number=number: say("at", number))
            entry.add_controller(focus)
            box.append(entry)
        window = Gtk.ApplicationWindow(application=app, title="form", child=box)
        window.present()
        say("ready")

    GLib.set_prgname(APP)
    app = Gtk.Application(application_id=APP)
    app.connect("activate", activate)
    app.run([])


def qt():
    from PyQt5.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

    class Entry(QLineEdit):
        def __init__(self, number):
            super().__init__()
            self.number = number
            self.textChanged.connect(lambda text: say("text", number, text))

        def focusInEvent(self, event):
            super().focusInEvent(event)
            say("at", self.number)

    app = QApplication([APP])
    app.setDesktopFileName(APP)
    window = QWidget()
    window.setWindowTitle("form")
    layout = QVBoxLayout(window)
    for number in range(3):
        entry = Entry(number)
        if number == 1:
            entry.setEchoMode(QLineEdit.Password)
        layout.addWidget(entry)
    window.show()
    say("ready")
    app.exec_()


def webkit():
    import gi

    gi.require_version("Gtk", "3.0")
    gi.require_version("WebKit2", "4.1")
    from gi.repository import GLib, Gtk, WebKit2

    GLib.set_prgname(APP)
    window = Gtk.Window(title="page")
    view = WebKit2.WebView()
    view.connect("notify::title", lambda *_: window.set_title(view.get_title() or ""))
    window.add(view)
    window.set_default_size(400, 300)
    window.show_all()
    view.load_uri(sys.argv[4])
    view.grab_focus()
    say("ready")
    Gtk.main()


{"gtk3": gtk3, "gtk4": gtk4, "gtk4-hidden": gtk4, "qt": qt, "vte": vte, "webkit": webkit}[KIND]()
