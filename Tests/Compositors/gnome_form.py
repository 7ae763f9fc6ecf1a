"""A GTK window with an entry, a password's entry and another one; Tab goes on. Prints "done" when it is shown."""

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import GLib, Gtk  # noqa: E402


def main():
    Gtk.init()
    window = Gtk.Window(title="form")
    box = Gtk.Box()
    first = Gtk.Entry()
    for field in (first, Gtk.PasswordEntry(), Gtk.Entry()):
        box.append(field)
    window.set_child(box)
    window.present()
    first.grab_focus()
    GLib.idle_add(lambda: print("done", flush=True) or False)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
