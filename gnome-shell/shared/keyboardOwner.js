// Who has the keyboard, by the shell's own rules: a window has it unless the shell took it (a menu of the panel, the
// overview, a dialog, a window that is moved by keys). Both builds share this text; `shell` holds what they import.

var KeyboardOwner = class KeyboardOwner {
    /// `changed` is called when anything of it may have changed. That is for promptness alone: `state` is always of now.
    constructor(shell, changed) {
        this._shell = shell;
        this._isMoving = shell.isMovingWindow() && !shell.isMenu();
        this._connections = [];
        this._window = null;
        this._windowConnections = [];
        const {display, stage} = shell.global;
        this._connect(display, 'notify::focus-window', () => {
            this._follow(display.focus_window);
            changed();
        });
        this._connect(display, 'grab-op-begin', () => {
            this._isMoving = !shell.isMenu();
            changed();
        });
        this._connect(display, 'grab-op-end', () => {
            this._isMoving = false;
            changed();
        });
        this._connect(stage, 'notify::key-focus', changed);
        this._connect(shell.global.backend, 'keymap-layout-group-changed', (_backend, group) => {
            this._group = group;
            changed();
        });
        for (const property of ['content-purpose', 'content-hints'])
            this._connect(shell.Main.inputMethod, `notify::${property}`, changed);
        this._outputs = new shell.OutputNames(shell, changed);
        this._connect(display, 'window-entered-monitor', changed);
        this._stopWatchingGrabs = shell.watchGrabs(changed);
        this._group = shell.layoutGroup();
        this._changed = changed;
        this._follow(display.focus_window);
    }

    destroy() {
        this._stopWatchingGrabs();
        this._outputs.destroy();
        this._follow(null);
        for (const [object, id] of this._connections)
            object.disconnect(id);
        this._connections = [];
    }

    /// Null: the shell itself has the keyboard, or nobody.
    get window() {
        return this._shellHasKeyboard ? null : this._shell.global.display.focus_window;
    }

    /// Whether what is shown there belongs to the window that has the keyboard: to that itself, or to its menus.
    isAt(x, y) {
        const {Clutter, Meta, global} = this._shell;
        let actor = global.stage.get_actor_at_pos(Clutter.PickMode.REACTIVE, x, y);
        while (actor && !(actor instanceof Meta.WindowActor))
            actor = actor.get_parent();
        return this._isOf(actor?.meta_window, this.window);
    }

    /// In the order of `State` in the interface.
    get state() {
        const window = this.window;
        const purpose = this._purpose;
        if (!window)
            return [0, 0, '', '', false, purpose, this._group, ''];
        const isX11 = window.get_client_type() === this._shell.Meta.WindowClientType.X11;
        // A sandbox gives an app its name; any other name is the app's own choice.
        const app = window.get_sandboxed_app_id() || window.get_wm_class() || window.get_gtk_application_id() || '';
        return [window.get_stable_sequence(), Math.max(window.get_pid(), 0), app, window.get_title() ?? '', isX11,
            purpose, this._group, this._outputs.nameOf(window.get_monitor())];
    }

    /// As mutter decides it for each key (meta_display_handle_event).
    get _shellHasKeyboard() {
        const {stage} = this._shell.global;
        const focus = stage.get_key_focus();
        return this._isMoving || this._shell.Main.modalCount > 0 || this._isGrabbed ||
            (focus !== null && focus !== stage);
    }

    /// Whether all input is somebody's who asked mutter for it. An app's menu asks, too, and its keys are the app's.
    get _isGrabbed() {
        const {Clutter, Meta, global} = this._shell;
        const grabber = global.stage.get_grab_actor?.() ?? null;
        if (grabber === null)
            return false;
        const {DROPDOWN_MENU, POPUP_MENU, COMBO} = Meta.WindowType;
        const isMenu = window => [DROPDOWN_MENU, POPUP_MENU, COMBO].includes(window.get_window_type()) &&
            this._isOf(window, global.display.focus_window);
        return grabber.constructor.$gtype.name !== 'ClutterInputOnlyActor' ||
            !global.get_window_actors().some(actor => isMenu(actor.meta_window));
    }

    /// Whether it is that window, or a menu, a menu of a menu, … of it.
    _isOf(window, owner) {
        while (window && window !== owner)
            window = window.get_transient_for();
        return Boolean(window);
    }

    /// 0 not told, 1 other, 2 a secret.
    get _purpose() {
        const {Clutter, Main} = this._shell;
        // Nothing has told of a field since the last one lost the keyboard.
        if (!Main.inputMethod.currentFocus)
            return 0;
        const purpose = Main.inputMethod.content_purpose, hints = Main.inputMethod.content_hints;
        const secret = Clutter.InputContentHintFlags.HIDDEN_TEXT | Clutter.InputContentHintFlags.SENSITIVE_DATA;
        const isSecret = purpose === Clutter.InputContentPurpose.PASSWORD ||
            purpose === Clutter.InputContentPurpose.PIN || (hints & secret) !== 0;
        return isSecret ? 2 : 1;
    }

    _follow(window) {
        for (const id of this._windowConnections)
            this._window.disconnect(id);
        this._window = window;
        this._windowConnections = window
            ? ['title', 'wm-class', 'gtk-application-id'].map(
                property => window.connect(`notify::${property}`, () => this._changed()))
            : [];
    }

    _connect(object, signal, handler) {
        this._connections.push([object, object.connect(signal, handler)]);
    }
};
