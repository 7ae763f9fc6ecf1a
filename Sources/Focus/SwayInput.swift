import Events

/// One entry of sway's answer to `get_inputs`, as far as it is of use here (sway-ipc(7)).
struct SwayInput: Decodable {
    var type: String?
    var name: String?
    var vendor: Int?
    var product: Int?
    var xkb_active_layout_index: Int?
    var xkb_active_layout_name: String?
    var libinput: Settings?

    /// What libinput has in force in sway, by its words for it; what a device does not have is left out.
    struct Settings: Decodable {
        var send_events: String?
        var tap: String?
        var tap_button_map: String?
        var tap_drag: String?
        var tap_drag_lock: String?
        var natural_scroll: String?
        var left_handed: String?
        var click_method: String?
        var middle_emulation: String?
        var scroll_method: String?
        var scroll_button: Int?
        var dwt: String?
    }

    /// Nil: it is no keyboard, or has no keymap yet.
    var layout: ActiveLayout? {
        guard type == "keyboard", let group = xkb_active_layout_index.flatMap({ UInt32(exactly: $0) }) else {
            return nil
        }
        return ActiveLayout(group: group, name: xkb_active_layout_name ?? "")
    }

    /// Nil: it is no pointer that libinput reads, or has no name to be known by.
    var choice: DeviceChoice? {
        guard ["pointer", "touchpad", "touch"].contains(type), let libinput, let name,
            let vendor = vendor.flatMap(UInt16.init(exactly:)), let product = product.flatMap(UInt16.init(exactly:))
        else { return nil }
        return DeviceChoice(.make(vendor: vendor, product: product, name: name), libinput.settings)
    }
}

extension SwayInput.Settings {
    fileprivate var settings: DeviceSettings {
        var settings = DeviceSettings()
        settings.tap = Self.flag(tap)
        settings.tapButtons = ["lrm": .rightThenMiddle, "lmr": .middleThenRight][tap_button_map]
        settings.tapDrag = Self.flag(tap_drag)
        // Later versions have more than one way of being on.
        settings.tapDragLock = tap_drag_lock.map { $0 != "disabled" }
        settings.naturalScroll = Self.flag(natural_scroll)
        settings.leftHanded = Self.flag(left_handed)
        settings.middleEmulation = Self.flag(middle_emulation)
        settings.clickMethod = ["none": .none, "button_areas": .buttonAreas, "clickfinger": .clickfinger][click_method]
        settings.scrollMethod =
            ["none": .none, "two_finger": .twoFinger, "edge": .edge, "on_button_down": .onButtonDown][scroll_method]
        settings.scrollButton = scroll_button.flatMap(UInt16.init(exactly:)).flatMap { $0 == 0 ? nil : $0 }
        settings.disableWhileTyping = Self.flag(dwt)
        settings.sends =
            ["enabled": .enabled, "disabled": .disabled, "disabled_on_external_mouse": .disabledOnExternalMouse][
                send_events]
        return settings
    }

    private static func flag(_ word: String?) -> Bool? { ["enabled": true, "disabled": false][word] }
}

extension Dictionary where Key == String {
    /// Nil for a word that is not there or not known.
    fileprivate subscript(word: String?) -> Value? { word.flatMap { self[$0] } }
}
