"""A window with widgets that have labels. Usage: widgets.py KIND APP-ID LOG, KIND one of gtk3, gtk4, qt.

Tab goes through them: an entry labelled "Name", a check box "Agree", a push button "Save", an entry for a password labelled
"Secret". LOG gets `ready`, `at WIDGET` when one gets the focus, `hit WIDGET` when it is used.
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
    window = Gtk.Window(title="widgets")
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
    window.add(box)
    entry, secret = Gtk.Entry(), Gtk.Entry(visibility=False)
    secret.set_input_purpose(Gtk.InputPurpose.PASSWORD)
    check, button = Gtk.CheckButton(label="Agree"), Gtk.Button(label="Save")
    check.connect("toggled", lambda *_: say("hit", "check"))
    button.connect("clicked", lambda *_: say("hit", "button"))
    for name, widget, label in (("entry", entry, "Name"), ("check", check, None), ("button", button, None),
                                ("secret", secret, "Secret")):  # fmt: skip
        widget.connect("focus-in-event", lambda *_, name=name: say("at", name))
        if label:
            widget.get_accessible().set_name(label)
        box.add(widget)
    window.show_all()
    say("ready")
    Gtk.main()


def gtk4():
    import gi

    gi.require_version("Gtk", "4.0")
    from gi.repository import GLib, Gtk

    def activate(app):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        entry, secret = Gtk.Entry(), Gtk.PasswordEntry()
        check, button = Gtk.CheckButton(label="Agree"), Gtk.Button(label="Save")
        check.connect("toggled", lambda *_: say("hit", "check"))
        button.connect("clicked", lambda *_: say("hit", "button"))
        for name, widget, label in (("entry", entry, "Name"), ("check", check, None), ("button", button, None),
                                    ("secret", secret, "Secret")):  # fmt: skip
            focus = Gtk.EventControllerFocus()
            focus.connect("enter", lambda *_, name=name: say("at", name))
            widget.add_controller(focus)
            if label:
                widget.update_property([Gtk.AccessibleProperty.LABEL], [label])
            box.append(widget)
        window = Gtk.ApplicationWindow(application=app, title="widgets", child=box)
        window.present()
        say("ready")

    GLib.set_prgname(APP)
    app = Gtk.Application(application_id=APP)
    app.connect("activate", activate)
    app.run([])


def qt():
    from PyQt5.QtCore import QObject, QEvent
    from PyQt5.QtWidgets import QApplication, QCheckBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.FocusIn:
                say("at", watched.objectName())
            return False

    app = QApplication([APP])
    app.setDesktopFileName(APP)
    window = QWidget()
    window.setWindowTitle("widgets")
    layout = QVBoxLayout(window)
    watch = Watch()
    entry, check, button, secret = QLineEdit(), QCheckBox("Agree"), QPushButton("Save"), QLineEdit()
    secret.setEchoMode(QLineEdit.Password)
    entry.setAccessibleName("Name")
    secret.setAccessibleName("Secret")
    check.toggled.connect(lambda *_: say("hit", "check"))
    button.clicked.connect(lambda *_: say("hit", "button"))
    for name, widget in (("entry", entry), ("check", check), ("button", button), ("secret", secret)):
        widget.setObjectName(name)
        widget.installEventFilter(watch)
        layout.addWidget(widget)
    window.show()
    say("ready")
    app.exec_()


{"gtk3": gtk3, "gtk4": gtk4, "qt": qt}[KIND]()
