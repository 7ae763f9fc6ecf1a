// GNOME Shell in the hands of a test: what a person does with keyboard and mouse, as calls that have taken effect when they
// are answered. For scripts and modules alike; `shell` holds what they import.

let Clutter, Gio, GLib, Meta, St, Main, ModalDialog, Keyboard;

const INTERFACE = `<node><interface name="org.kymograph.Hand">
<method name="Do"><arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="out"/></method>
</interface></node>`;

var Hand = class Hand {
    constructor(shell) {
        ({Clutter, Gio, GLib, Meta, St, Main, ModalDialog, Keyboard} = shell);
        this._object = Gio.DBusExportedObject.wrapJSObject(INTERFACE, this);
        this._object.export(Gio.DBus.session, '/org/kymograph/Hand');
        Main.layoutManager.connect('startup-complete', () => Main.overview.hide());
    }

    destroy() {
        this._object.unexport();
    }

    Do(verb, argument) {
        return this[verb](argument) ?? 'done';
    }

    ready() {
        return Main.layoutManager._startingUp || Main.overview.visible ? 'not yet' : 'done';
    }

    focus(app) {
        const windows = global.get_window_actors().map(actor => actor.meta_window);
        const window = windows.find(one => one.get_wm_class() === app);
        if (!window)
            return `no window of ${app}, only ${windows.map(one => one.get_wm_class())}`;
        Main.activateWindow(window, global.get_current_time());
        return global.display.focus_window === window ? 'done' : 'it has not got the focus';
    }

    /// As one who clicks on it: mutter may give the keyboard to its dialog.
    raise(title) {
        const window = global.get_window_actors().map(actor => actor.meta_window).find(one => one.get_title() === title);
        Main.activateWindow(window, global.get_current_time());
    }

    /// Whether modal dialogs are.
    attach(how) {
        new Gio.Settings({schema_id: 'org.gnome.mutter'}).set_boolean('attach-modal-dialogs', how === 'attached');
    }

    isAttached() {
        return global.display.focus_window.is_attached_dialog() ? 'attached' : 'on its own';
    }

    /// Nobody is to have the keyboard, as on an empty workspace.
    nowhere() {
        global.workspace_manager.get_workspace_by_index(1).activate(global.get_current_time());
        return global.display.focus_window ? 'a window has the focus' : 'done';
    }

    somewhere() {
        global.workspace_manager.get_workspace_by_index(0).activate(global.get_current_time());
    }

    keyboard() {
        const seat = Clutter.get_default_backend().get_default_seat();
        this._keyboard = seat.create_virtual_device(Clutter.InputDeviceType.KEYBOARD_DEVICE);
        this._pointer = seat.create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
    }

    tap(code, keyboard = this._keyboard) {
        for (const state of [Clutter.KeyState.PRESSED, Clutter.KeyState.RELEASED])
            keyboard.notify_key(GLib.get_monotonic_time(), Number(code), state);
    }

    /// Of a second keyboard.
    other(code) {
        const seat = Clutter.get_default_backend().get_default_seat();
        this._other ??= seat.create_virtual_device(Clutter.InputDeviceType.KEYBOARD_DEVICE);
        this.tap(code, this._other);
    }

    /// Says when, by CLOCK_MONOTONIC: it takes milliseconds to ask the shell for it.
    key(what) {
        const [code, state] = what.split(' ').map(Number);
        const before = GLib.get_monotonic_time();
        this._keyboard.notify_key(before, code, state ? Clutter.KeyState.PRESSED : Clutter.KeyState.RELEASED);
        return `stamp ${before} ${GLib.get_monotonic_time()}`;
    }

    click(place) {
        this.point(place);
        this.press();
    }

    press() {
        for (const state of [Clutter.ButtonState.PRESSED, Clutter.ButtonState.RELEASED])
            this._pointer.notify_button(GLib.get_monotonic_time(), Clutter.BUTTON_PRIMARY, state);
    }

    point(place) {
        const [x, y] = place.split(',').map(Number);
        this._pointer.notify_absolute_motion(GLib.get_monotonic_time(), x, y);
    }

    /// To the output of that number.
    output(number) {
        global.display.focus_window.move_to_monitor(Number(number));
    }

    /// Moves the window that has the keyboard to the right, a pixel each 5 ms.
    wander(pixels) {
        const window = global.display.focus_window;
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
            const {x, y} = window.get_frame_rect();
            window.move_frame(true, x + 1, y);
            return --pixels > 0;
        });
    }

    /// The middle of an app's that is open.
    appMenu() {
        const {NORMAL, DIALOG, MODAL_DIALOG} = Meta.WindowType;
        const windows = global.get_window_actors().map(actor => actor.meta_window);
        const menu = windows.find(window => ![NORMAL, DIALOG, MODAL_DIALOG].includes(window.get_window_type()));
        const {x, y, width, height} = menu?.get_frame_rect() ?? {};
        return menu ? `${x + Math.floor(width / 2)},${y + Math.floor(height / 2)}` : 'none';
    }

    overview(wanted) {
        if (wanted === 'on')
            Main.overview.show();
        else
            Main.overview.hide();
    }

    modal(wanted) {
        if (wanted === 'on') {
            this._dialog = new ModalDialog.ModalDialog({});
            this._dialog.contentLayout.add_child(new St.Entry({text: 'a question of the shell'}));
            return this._dialog.open() ? 'done' : 'not opened';
        }
        this._dialog.close();
    }

    menu(wanted) {
        const {menu} = Main.panel.statusArea.dateMenu;
        if (wanted === 'on')
            menu.open();
        else
            menu.close();
    }

    /// What the shell does when it locks; to lock takes gdm.
    locked(wanted) {
        if (wanted === 'on')
            Main.sessionMode.pushMode('unlock-dialog');
        else
            Main.sessionMode.popMode('unlock-dialog');
    }

    layout(number) {
        Keyboard.getInputSourceManager().inputSources[number].activate(true);
    }

    /// As the settings' panel does it.
    setting(what) {
        const [kind, key, value] = what.split(' ');
        const settings = new Gio.Settings({schema_id: `org.gnome.desktop.peripherals.${kind}`});
        return settings.set_value(key, GLib.Variant.parse(null, value, null, null)) ? 'done' : 'refused';
    }

    full(wanted) {
        const window = global.display.focus_window;
        if (wanted === 'on')
            window.make_fullscreen();
        else
            window.unmake_fullscreen();
    }

    panel(wanted) {
        Main.layoutManager.panelBox.visible = wanted === 'on';
    }

    extension(what) {
        const [uuid, wanted] = what.split(' ');
        if (wanted === 'on')
            Main.extensionManager.enableExtension(uuid);
        else
            Main.extensionManager.disableExtension(uuid);
    }

    _texts(actor) {
        return actor instanceof St.Label ? [actor.text] : actor.get_children().flatMap(child => this._texts(child));
    }

    indicator() {
        const button = Main.panel.statusArea.kymograph;
        if (!button)
            return 'none';
        const [x, y] = button.get_transformed_position();
        const place = `${Math.round(x + button.width / 2)},${Math.round(y + button.height / 2)}`;
        // With a new text it has its old place until the next picture.
        return `${button.mapped && button.has_allocation() ? 'seen' : 'hidden'} ${place} ${this._texts(button).join(' ')}`;
    }

    badge() {
        const badge = Main.layoutManager.uiGroup.get_children().find(actor => actor.name === 'kymographBadge');
        return badge?.mapped ? `seen ${this._texts(badge).join(' ')}` : 'hidden';
    }
};
