// What a person sees of the recorder: a button in the panel, and where the panel is not to be seen (a window in full
// screen) a badge in the corner. Both builds share this text; `shell` holds what they import.

var Indicator = class Indicator {
    /// `seen(isSeen, reason)` is called when the proof comes or falls, `clicked()` when a person clicks.
    constructor(shell, handlers) {
        this._shell = shell;
        this._handlers = handlers;
        this._connections = [];
        this._isWanted = false;
        this._isSeen = null;
        const {Main, PanelMenu, St} = shell;
        this._button = new PanelMenu.Button(0.0, 'Kymograph', true);
        this._inPanel = this._picture();
        this._button.add_child(this._inPanel.box);
        this._clickable(this._button);
        this._button.visible = false;
        Main.panel.addToStatusArea('kymograph', this._button);

        this._badge = new St.Bin({name: 'kymographBadge', reactive: true, visible: false,
            style: 'background-color: rgba(0, 0, 0, 0.8); color: white; padding: 4px 8px; border-radius: 8px;'});
        this._inCorner = this._picture();
        this._badge.set_child(this._inCorner.box);
        this._clickable(this._badge);
        Main.layoutManager.addTopChrome(this._badge, {trackFullscreen: false});

        const {panelBox} = Main.layoutManager;
        for (const property of ['visible', 'allocation', 'translation-y', 'opacity'])
            this._connect(panelBox, `notify::${property}`, () => this._place());
        this._connect(this._button, 'notify::mapped', () => this._judge());
        this._connect(this._badge, 'notify::mapped', () => this._judge());
        this._connect(this._badge, 'notify::size', () => this._place());
        this._connect(Main.layoutManager, 'monitors-changed', () => this._place());
        // Drawn, and not merely asked for.
        this._connect(shell.global.stage, 'after-paint', () => this._drawn());
    }

    destroy() {
        for (const [object, id] of this._connections)
            object.disconnect(id);
        this._connections = [];
        this._shell.Main.layoutManager.removeChrome(this._badge);
        this._badge.destroy();
        this._button.destroy();
    }

    /// 0 recording, 1 paused, 2 off.
    show(symbol, text, isPending) {
        for (const picture of [this._inPanel, this._inCorner]) {
            picture.sign.text = ['●', '‖', '○'][symbol] ?? '○';
            picture.sign.style = symbol === 0 ? 'color: #f66151;' : symbol === 1 ? 'color: #f8e45c;' : '';
            picture.label.text = text;
            picture.box.opacity = isPending ? 128 : 255;
        }
        this._button.accessible_name = `Kymograph: ${text}`;
        this._isWanted = true;
        this._place();
    }

    hide() {
        this._isWanted = false;
        this._place();
        this._isSeen = null;
    }

    _picture() {
        const {Clutter, St} = this._shell;
        const box = new St.BoxLayout({style: 'spacing: 6px;'});
        const sign = new St.Label({y_align: Clutter.ActorAlign.CENTER});
        const label = new St.Label({y_align: Clutter.ActorAlign.CENTER});
        box.add_child(sign);
        box.add_child(label);
        return {box, sign, label};
    }

    _clickable(actor) {
        const {Clutter} = this._shell;
        actor.connect('button-press-event', () => {
            this._handlers.clicked();
            return Clutter.EVENT_STOP;
        });
        actor.connect('touch-event', (_actor, event) => {
            if (event.type() === Clutter.EventType.TOUCH_BEGIN)
                this._handlers.clicked();
            return Clutter.EVENT_STOP;
        });
        actor.connect('key-press-event', (_actor, event) => {
            if (![Clutter.KEY_Return, Clutter.KEY_KP_Enter, Clutter.KEY_space].includes(event.get_key_symbol()))
                return Clutter.EVENT_PROPAGATE;
            this._handlers.clicked();
            return Clutter.EVENT_STOP;
        });
    }

    /// One of them, and never none: the badge goes only where the panel can be seen.
    _place() {
        const {Main} = this._shell;
        const monitor = Main.layoutManager.primaryMonitor;
        this._button.visible = this._isWanted;
        this._badge.visible = this._isWanted && !this._isPanelVisible(monitor);
        if (monitor) {
            this._badge.set_position(monitor.x + monitor.width - this._badge.width - 12,
                monitor.y + monitor.height - this._badge.height - 12);
        }
        this._judge();
    }

    _isPanelVisible(monitor) {
        const {panelBox} = this._shell.Main.layoutManager;
        if (!monitor || !panelBox.mapped || panelBox.get_paint_opacity() === 0)
            return false;
        const [, y] = panelBox.get_transformed_position();
        const middle = y + panelBox.height / 2;
        return middle >= monitor.y && middle <= monitor.y + monitor.height;
    }

    _judge() {
        if (!this._isWanted)
            return;
        if (this._button.mapped && this._isPanelVisible(this._shell.Main.layoutManager.primaryMonitor) || this._badge.mapped)
            // The next picture has it.
            (this._badge.mapped ? this._badge : this._button).queue_redraw();
        else
            this._say(false, 'neither in the panel nor in the corner');
    }

    _drawn() {
        const isThere = this._button.mapped && this._button.width > 0 || this._badge.mapped && this._badge.width > 0;
        if (this._isWanted && isThere)
            this._say(true, '');
    }

    _say(isSeen, reason) {
        if (this._isSeen === isSeen)
            return;
        this._isSeen = isSeen;
        this._handlers.seen(isSeen, reason);
    }

    _connect(object, signal, handler) {
        this._connections.push([object, object.connect(signal, handler)]);
    }
};
