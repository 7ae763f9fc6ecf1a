// Kymograph's extension for GNOME Shell 40 to 44, which load scripts.

const {Clutter, Gio, GLib, Meta, St} = imports.gi;
const Main = imports.ui.main;
const PanelMenu = imports.ui.panelMenu;
const KeyboardManager = imports.misc.keyboardManager;
const Me = imports.misc.extensionUtils.getCurrentExtension();

/// The shell has no signal for grabs before 45; whoever makes one calls these.
function watchGrabs(changed) {
    const {pushModal, popModal} = Main;
    const watched = original => (...values) => {
        const result = original(...values);
        changed();
        return result;
    };
    const [push, pop] = [watched(pushModal), watched(popModal)];
    Main.pushModal = push;
    Main.popModal = pop;
    return () => {
        // Somebody may have put their own on top of ours.
        if (Main.pushModal === push)
            Main.pushModal = pushModal;
        if (Main.popModal === pop)
            Main.popModal = popModal;
        changed = () => {};
    };
}

class Extension {
    enable() {
        this._link = new Me.imports.agentLink.AgentLink({
            Clutter, Gio, GLib, Meta, St, Main, PanelMenu, global,
            KeyboardOwner: Me.imports.keyboardOwner.KeyboardOwner,
            Indicator: Me.imports.indicator.Indicator,
            OutputNames: Me.imports.outputNames.OutputNames,
            WindowPlace: Me.imports.windowPlace.WindowPlace,
            PointerSettings: Me.imports.pointerSettings.PointerSettings,
            watchGrabs,
            isMovingWindow: () => global.display.get_grab_op() !== Meta.GrabOp.NONE,
            // An app's menu is an operation, too.
            isMenu: () => global.display.get_grab_op() === Meta.GrabOp.WAYLAND_POPUP,
            layoutGroup: () => KeyboardManager.getKeyboardManager().currentLayout?.groupIndex ?? -1,
        }, Me.metadata.agent);
    }

    disable() {
        this._link.destroy();
        this._link = null;
    }
}

function init() {
    return new Extension();
}
