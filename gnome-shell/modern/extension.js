// Kymograph's extension for GNOME Shell 45 and later, which load modules.

import Clutter from 'gi://Clutter';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Meta from 'gi://Meta';
import St from 'gi://St';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as PanelMenu from 'resource:///org/gnome/shell/ui/panelMenu.js';
import * as KeyboardManager from 'resource:///org/gnome/shell/misc/keyboardManager.js';
import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';

import {AgentLink} from './agentLink.js';
import {Indicator} from './indicator.js';
import {KeyboardOwner} from './keyboardOwner.js';
import {OutputNames} from './outputNames.js';
import {PointerSettings} from './pointerSettings.js';
import {WindowPlace} from './windowPlace.js';

function watchGrabs(changed) {
    const id = global.stage.connect('notify::is-grabbed', () => changed());
    return () => global.stage.disconnect(id);
}

export default class KymographExtension extends Extension {
    enable() {
        this._link = new AgentLink({
            Clutter, Gio, GLib, Meta, St, Main, PanelMenu, global, KeyboardOwner, Indicator, PointerSettings,
            OutputNames, WindowPlace, watchGrabs,
            // A window that is moved holds a grab of the stage's.
            isMovingWindow: () => false,
            isMenu: () => false,
            layoutGroup: () => KeyboardManager.getKeyboardManager().currentLayout?.groupIndex ?? -1,
        }, this.metadata.agent);
    }

    disable() {
        this._link.destroy();
        this._link = null;
    }
}
