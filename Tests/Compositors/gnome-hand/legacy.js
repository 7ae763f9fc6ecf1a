const {Clutter, Gio, GLib, Meta, St} = imports.gi;
const Main = imports.ui.main;
const ModalDialog = imports.ui.modalDialog;
const Keyboard = imports.ui.status.keyboard;
const Me = imports.misc.extensionUtils.getCurrentExtension();

class Extension {
    enable() {
        this._hand = new Me.imports.hand.Hand({Clutter, Gio, GLib, Meta, St, Main, ModalDialog, Keyboard});
    }

    disable() {
        this._hand.destroy();
    }
}

function init() {
    return new Extension();
}
