// Where the window lies that has the keyboard, in the plane in which the outputs stand, without the shadow that an app draws
// around itself. Both builds share this text; `shell` holds what they import.

// At most ten times a second.
var PAUSE = 100_000;

var WindowPlace = class WindowPlace {
    /// `tell(window, rectangle)` is called at changes; the last one is always told.
    constructor(shell, tell) {
        this._shell = shell;
        this._tell = tell;
        this._window = null;
        this._connections = [];
        this._timer = 0;
        this._told = null;
        this._toldTime = 0;
    }

    destroy() {
        this.follow(null);
    }

    /// Null: no window has the keyboard.
    follow(window) {
        if (window === this._window)
            return;
        for (const id of this._connections)
            this._window.disconnect(id);
        if (this._timer)
            this._shell.GLib.source_remove(this._timer);
        this._timer = 0;
        this._window = window;
        this._connections = window
            ? ['position-changed', 'size-changed'].map(signal => window.connect(signal, () => this._look()))
            : [];
        // Of another window it is news at once.
        this._told = null;
        this._toldTime = 0;
        if (window)
            this._look();
    }

    _look() {
        const {GLib} = this._shell;
        if (this._timer)
            return;
        const left = this._toldTime + PAUSE - GLib.get_monotonic_time();
        if (left > 0) {
            this._timer = GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.ceil(left / 1000), () => {
                this._timer = 0;
                this._look();
                return GLib.SOURCE_REMOVE;
            });
            return;
        }
        const now = this._window.get_frame_rect();
        if (this._told?.equal(now))
            return;
        this._told = now;
        this._toldTime = GLib.get_monotonic_time();
        this._tell(this._window, now);
    }
};
