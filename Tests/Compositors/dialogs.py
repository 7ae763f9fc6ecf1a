"""A window with a field, and a dialog of it with another one. Usage: dialogs.py KIND APP-ID LOG, KIND one of gtk3, gtk4.

Enter opens the dialog, whose parent the window is, as a modal one; Enter in the dialog closes it. LOG gets `document TEXT` or
`question TEXT` when the window's or the dialog's field has another text.
"""

import os
import sys

import gi

KIND, APP, LOG = sys.argv[1:4]
gi.require_version("Gtk", "3.0" if KIND == "gtk3" else "4.0")
from gi.repository import GLib, Gtk  # noqa: E402

_log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def fill(window, title, entered):
    """With a field."""
    entry = Gtk.Entry()
    entry.connect("changed", lambda entry: os.write(_log, f"{title.split()[1]} {entry.get_text()}\n".encode()))
    entry.connect("activate", lambda *_: entered())
    window.set_title(title)
    if KIND == "gtk3":
        window.add(entry)
        window.show_all()
    else:
        window.set_child(entry)
        window.present()
    entry.grab_focus()


def main():
    GLib.set_prgname(APP)
    Gtk.init()
    window = Gtk.Window()

    def ask():
        dialog = Gtk.Window(transient_for=window, modal=True)
        fill(dialog, "a question", dialog.destroy)

    fill(window, "a document", ask)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
