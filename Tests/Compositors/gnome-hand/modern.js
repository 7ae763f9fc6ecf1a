import Clutter from 'gi://Clutter';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Meta from 'gi://Meta';
import St from 'gi://St';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as ModalDialog from 'resource:///org/gnome/shell/ui/modalDialog.js';
import * as Keyboard from 'resource:///org/gnome/shell/ui/status/keyboard.js';
import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';
import {Hand} from './hand.js';

export default class HandExtension extends Extension {
    enable() {
        this._hand = new Hand({Clutter, Gio, GLib, Meta, St, Main, ModalDialog, Keyboard});
    }

    disable() {
        this._hand.destroy();
    }
}
