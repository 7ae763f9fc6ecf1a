// The object on the session's bus by which the agent learns who has the keyboard. It answers nobody else: a title is not
// every program's business. Both builds share this text; `shell` holds what they import.

var PATH = '/org/kymograph/Shell';
// State: since when it is known to be so (CLOCK_MONOTONIC, µs), number of the window (0: none has the keyboard), process,
// app id, title, X11, purpose of the field (0 not told, 1 other, 2 secret), group of the keymap (-1: not known), name of the
// output (empty: not known).
// PlaceChanged: since when it is known to be so, number of the window that has the keyboard, x, y, width, height. Behind the
// state in which that window is told.
// Pointer: whether it is in that window (else the rest is 0), when it was looked (both times CLOCK_MONOTONIC, µs), x, y.
// Settings: of each kind of pointer (0 touchpads, 1 others) what the person has chosen, see pointerSettings.js.
var INTERFACE = `<node><interface name="org.kymograph.Shell">
<method name="Attach"><arg type="(tuissbyis)" direction="out"/></method>
<method name="Confirm"><arg type="(tuissbyis)" direction="out"/></method>
<method name="Show"><arg type="y" direction="in"/><arg type="s" direction="in"/><arg type="b" direction="in"/></method>
<method name="Pointer"><arg type="(btii)" direction="out"/></method>
<method name="Settings"><arg type="a(yaq)" direction="out"/></method>
<signal name="Enabled"/>
<signal name="Disabled"/>
<signal name="Changed"><arg type="(tuissbyis)"/></signal>
<signal name="PlaceChanged"><arg type="(tuiiuu)"/></signal>
<signal name="SettingsChanged"><arg type="a(yaq)"/></signal>
<signal name="Seen"><arg type="b"/><arg type="s"/></signal>
<signal name="Clicked"/>
</interface></node>`;

var AgentLink = class AgentLink {
    constructor(shell, agentPath) {
        this._shell = shell;
        this._agentPath = agentPath;
        this._bus = shell.Gio.DBus.session;
        this._agent = null;
        this._watch = 0;
        this._waiting = new Set();
        this._known = null;
        this._since = 0;
        this._owner = new shell.KeyboardOwner(shell, () => this._tellState());
        this._place = new shell.WindowPlace(shell, (window, {x, y, width, height}) => this._tell('PlaceChanged',
            '((tuiiuu))', [[shell.GLib.get_monotonic_time(), window.get_stable_sequence(), x, y, width, height]]));
        this._indicator = new shell.Indicator(shell, {
            seen: (isSeen, reason) => this._tell('Seen', '(bs)', [isSeen, reason]),
            clicked: () => this._tell('Clicked', null, null),
        });
        this._settings = new shell.PointerSettings(shell,
            () => this._tell('SettingsChanged', '(a(yaq))', [this._settings.state]));
        this._object = shell.Gio.DBusExportedObject.wrapJSObject(INTERFACE, this);
        this._object.export(this._bus, PATH);
        this._emit(null, 'Enabled', null);
    }

    destroy() {
        this._emit(null, 'Disabled', null);
        this._drop();
        for (const id of this._waiting)
            this._shell.GLib.source_remove(id);
        this._object.unexport();
        this._settings.destroy();
        this._indicator.destroy();
        this._place.destroy();
        this._owner.destroy();
    }

    // MARK: the agent

    AttachAsync(_parameters, invocation) {
        const sender = invocation.get_sender();
        const {Gio, GLib} = this._shell;
        this._bus.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
            'GetConnectionUnixProcessID', new GLib.Variant('(s)', [sender]), new GLib.VariantType('(u)'),
            Gio.DBusCallFlags.NONE, -1, null, (bus, result) => {
                let program = '';
                try {
                    const [process] = bus.call_finish(result).deepUnpack();
                    program = GLib.file_read_link(`/proc/${process}/exe`);
                } catch (error) {
                    program = error.message;
                }
                if (program !== this._agentPath)
                    return this._refuse(invocation, `${program} is not ${this._agentPath}`);
                this._take(sender);
                this._answer(invocation);
            });
    }

    _take(sender) {
        this._drop();
        this._agent = sender;
        this._watch = this._bus.watch_name(sender, this._shell.Gio.BusNameWatcherFlags.NONE, null,
            () => this._drop());
        this._indicator.show(2, '', false);
    }

    /// Without an agent nothing is recorded, and there is nothing to show.
    _drop() {
        if (this._watch)
            this._bus.unwatch_name(this._watch);
        this._watch = 0;
        this._agent = null;
        this._place.follow(null);
        this._indicator.hide();
    }

    _isTrusted(invocation) {
        if (this._agent !== null && invocation.get_sender() === this._agent)
            return true;
        this._refuse(invocation, 'not the agent');
        return false;
    }

    _refuse(invocation, reason) {
        invocation.return_dbus_error('org.freedesktop.DBus.Error.AccessDenied', reason);
    }

    // MARK: what it asks

    /// The answer comes behind every event that the input thread had handed over by now. Those are met one a turn, at a
    /// higher priority than this source's, and who gets a key is decided when it is met.
    ConfirmAsync(_parameters, invocation) {
        if (!this._isTrusted(invocation))
            return;
        const {GLib} = this._shell;
        const id = GLib.idle_add(GLib.PRIORITY_DEFAULT + 10, () => {
            this._waiting.delete(id);
            this._answer(invocation);
            return GLib.SOURCE_REMOVE;
        });
        this._waiting.add(id);
    }

    ShowAsync([symbol, text, isPending], invocation) {
        if (!this._isTrusted(invocation))
            return;
        this._indicator.show(symbol, text, isPending);
        invocation.return_value(null);
    }

    /// Where the pointer is by now: mutter hands nobody else a press on a client's window, so the agent asks at each that the
    /// recorder has seen. (Neither a filter of Clutter's events, which mutter's own goes before, nor the stage's
    /// `captured-event` meets it, in 43 and 48; MetaCursorTracker tells of every move, and not of buttons.) Elsewhere than in
    /// the window that has the keyboard it is nobody's business: where a keyboard of the shell's own was pressed is a text.
    PointerAsync(_parameters, invocation) {
        if (!this._isTrusted(invocation))
            return;
        const {GLib, global} = this._shell;
        const [x, y] = global.get_pointer();
        const answer = this._owner.isAt(x, y) ? [true, GLib.get_monotonic_time(), x, y] : [false, 0, 0, 0];
        invocation.return_value(new GLib.Variant('((btii))', [answer]));
    }

    SettingsAsync(_parameters, invocation) {
        if (this._isTrusted(invocation))
            invocation.return_value(new this._shell.GLib.Variant('(a(yaq))', [this._settings.state]));
    }

    _answer(invocation) {
        this._look();
        invocation.return_value(new this._shell.GLib.Variant('((tuissbyis))', [[this._since, ...this._known]]));
        this._place.follow(this._owner.window);
    }

    /// Whether it is not what it was. A key stamped later than `since` is met when it is so: nothing is met while this runs.
    _look() {
        const state = this._owner.state;
        if (this._known !== null && state.every((value, index) => value === this._known[index]))
            return false;
        this._known = state;
        this._since = this._shell.GLib.get_monotonic_time();
        return true;
    }

    // MARK: what it is told

    _tellState() {
        if (this._agent === null || !this._look())
            return;
        this._tell('Changed', '((tuissbyis))', [[this._since, ...this._known]]);
        this._place.follow(this._owner.window);
    }

    _tell(signal, type, values) {
        if (this._agent !== null)
            this._emit(this._agent, signal, type ? new this._shell.GLib.Variant(type, values) : null);
    }

    _emit(destination, signal, parameters) {
        this._bus.emit_signal(destination, PATH, 'org.kymograph.Shell', signal, parameters);
    }
};
