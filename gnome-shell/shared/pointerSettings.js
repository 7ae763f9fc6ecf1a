// What the person has chosen of pointers, as mutter applies it to them: by kind, and not by device. Both builds share this
// text; `shell` holds what they import.

var PointerSettings = class PointerSettings {
    /// `changed` is called when any of it has.
    constructor(shell, changed) {
        this._connections = [];
        this._touchpad = this._open(shell, 'touchpad', changed);
        this._mouse = this._open(shell, 'mouse', changed);
    }

    destroy() {
        for (const [settings, id] of this._connections)
            settings.disconnect(id);
        this._connections = [];
    }

    /// Pairs of kind (0 touchpads, 1 others) and numbers, in the order of DeviceSettings (Sources/Events): 0 where nothing is
    /// said, so that the device's own default holds.
    get state() {
        return [[0, this._ofTouchpads], [1, this._ofMice]];
    }

    get _ofTouchpads() {
        const touchpad = this._touchpad, mouse = this._mouse;
        const hand = this._string(touchpad, 'left-handed');
        return [
            this._flag(touchpad, 'tap-to-click'),
            {lrm: 1, lmr: 2}[this._string(touchpad, 'tap-button-map')] ?? 0,
            this._flag(touchpad, 'tap-and-drag'),
            this._flag(touchpad, 'tap-and-drag-lock'),
            this._flag(touchpad, 'natural-scroll'),
            hand === 'mouse' ? this._flag(mouse, 'left-handed') : {right: 1, left: 2}[hand] ?? 0,
            this._flag(touchpad, 'middle-click-emulation'),
            {none: 1, areas: 2, fingers: 3}[this._string(touchpad, 'click-method')] ?? 0,
            this._scrollMethod,
            0,
            this._flag(touchpad, 'disable-while-typing'),
            {enabled: 1, disabled: 2, 'disabled-on-external-mouse': 3}[this._string(touchpad, 'send-events')] ?? 0,
        ];
    }

    get _ofMice() {
        return [0, 0, 0, 0, this._flag(this._mouse, 'natural-scroll'), this._flag(this._mouse, 'left-handed'),
            this._flag(this._mouse, 'middle-click-emulation'), 0, 0, 0, 0, 0];
    }

    /// Two fingers go before the edge, and with neither nothing scrolls.
    get _scrollMethod() {
        const fingers = this._flag(this._touchpad, 'two-finger-scrolling-enabled');
        const edge = this._flag(this._touchpad, 'edge-scrolling-enabled');
        if (fingers === 2)
            return 2;
        if (edge === 2)
            return 3;
        return fingers === 0 && edge === 0 ? 0 : 1;
    }

    _open(shell, kind, changed) {
        const id = `org.gnome.desktop.peripherals.${kind}`;
        // A schema that is not installed ends the shell.
        if (!shell.Gio.SettingsSchemaSource.get_default()?.lookup(id, true))
            return null;
        const settings = new shell.Gio.Settings({schema_id: id});
        this._connections.push([settings, settings.connect('changed', () => changed())]);
        return settings;
    }

    _has(settings, key) {
        return settings?.settings_schema.has_key(key) ?? false;
    }

    /// 0 where there is no such key, 1 off, 2 on.
    _flag(settings, key) {
        return this._has(settings, key) ? settings.get_boolean(key) ? 2 : 1 : 0;
    }

    _string(settings, key) {
        return this._has(settings, key) ? settings.get_string(key) : '';
    }
};
