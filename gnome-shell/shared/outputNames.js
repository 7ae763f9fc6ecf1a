// What outputs are called, as Wayland tells it of them. The shell has their numbers alone, and mutter says their names on the
// session's bus. Both builds share this text; `shell` holds what they import.

var NAME = 'org.gnome.Mutter.DisplayConfig';

var OutputNames = class OutputNames {
    /// `changed` is called when more may be known.
    constructor(shell, changed) {
        this._shell = shell;
        this._changed = changed;
        this._names = [];
        this._asked = null;
        this._id = shell.Main.layoutManager.connect('monitors-changed', () => this._ask());
        // The shell may load extensions before mutter has its name.
        this._watch = shell.Gio.DBus.session.watch_name(NAME, shell.Gio.BusNameWatcherFlags.NONE, () => this._ask(), null);
    }

    destroy() {
        this._shell.Gio.DBus.session.unwatch_name(this._watch);
        this._shell.Main.layoutManager.disconnect(this._id);
        this._asked?.cancel();
    }

    /// Empty: not known. Of several that show the same it is the first. Which number a name has, mutter says at once: who
    /// takes its name on the bus can keep names back, and not change them.
    nameOf(number) {
        const monitors = this._shell.global.backend.get_monitor_manager();
        return this._names.find(name => monitors.get_monitor_for_connector(name) === number) ?? '';
    }

    _ask() {
        const {Gio} = this._shell;
        this._asked?.cancel();
        const asked = this._asked = new Gio.Cancellable();
        Gio.DBus.session.call(NAME, '/org/gnome/Mutter/DisplayConfig', NAME, 'GetCurrentState', null, null,
            Gio.DBusCallFlags.NO_AUTO_START, -1, asked, (bus, result) => {
                if (asked.is_cancelled())
                    return;
                try {
                    const [, , logical] = bus.call_finish(result).deepUnpack();
                    this._names = logical.flatMap(monitor => monitor[5].map(([connector]) => connector));
                } catch (error) {
                    console.warn(`Kymograph: outputs have no names: ${error.message}`);
                    this._names = [];
                }
                this._changed();
            });
    }
};
