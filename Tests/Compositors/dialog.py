"""A window of GTK 3 with a dialog of its own above it. Usage: dialog.py SOCKET APP-ID TITLE TITLE-OF-DIALOG, then a line on
stdin for the dialog. Ends with stdin.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402

APP, TITLE, QUESTION = sys.argv[2:]


def obey(source, condition):
    if not source.readline():
        Gtk.main_quit()
        return False
    dialog = Gtk.Dialog(title=QUESTION, transient_for=window, modal=True)
    dialog.add_button("OK", Gtk.ResponseType.OK)
    dialog.show_all()
    return True


GLib.set_prgname(APP)
window = Gtk.Window(title=TITLE)
window.show_all()
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, obey)
Gtk.main()
