import CLibinput
import Events

/// The person's settings on one of libinput's devices. Some take effect once buttons and fingers are up, as they do in the
/// compositor's own libinput.
extension DeviceSettings {
    /// Puts them in force; what is not told is the device's own default.
    func apply(to device: OpaquePointer) {
        applyTapping(to: device)
        applyScrolling(to: device)
        if libinput_device_config_left_handed_is_available(device) != 0 {
            let isOn = leftHanded.map { $0 ? 1 : 0 } ?? libinput_device_config_left_handed_get_default(device)
            libinput_device_config_left_handed_set(device, isOn)
        }
        if libinput_device_config_middle_emulation_is_available(device) != 0 {
            let state = libinput_device_config_middle_emulation_get_default_enabled(device)
            libinput_device_config_middle_emulation_set_enabled(
                device,
                middleEmulation.map {
                    $0 ? LIBINPUT_CONFIG_MIDDLE_EMULATION_ENABLED : LIBINPUT_CONFIG_MIDDLE_EMULATION_DISABLED
                } ?? state)
        }
        // Methods that the device does not have are refused, and change nothing.
        libinput_device_config_click_set_method(
            device, clickMethod?.inLibinput ?? libinput_device_config_click_get_default_method(device))
        if libinput_device_config_dwt_is_available(device) != 0 {
            let state = libinput_device_config_dwt_get_default_enabled(device)
            libinput_device_config_dwt_set_enabled(
                device,
                disableWhileTyping.map { $0 ? LIBINPUT_CONFIG_DWT_ENABLED : LIBINPUT_CONFIG_DWT_DISABLED } ?? state)
        }
        libinput_device_config_send_events_set_mode(
            device, sends?.inLibinput.rawValue ?? libinput_device_config_send_events_get_default_mode(device))
    }

    private func applyTapping(to device: OpaquePointer) {
        guard device.canTap else { return }
        libinput_device_config_tap_set_enabled(
            device,
            tap.map { $0 ? LIBINPUT_CONFIG_TAP_ENABLED : LIBINPUT_CONFIG_TAP_DISABLED }
                ?? libinput_device_config_tap_get_default_enabled(device))
        libinput_device_config_tap_set_button_map(
            device, tapButtons?.inLibinput ?? libinput_device_config_tap_get_default_button_map(device))
        libinput_device_config_tap_set_drag_enabled(
            device,
            tapDrag.map { $0 ? LIBINPUT_CONFIG_DRAG_ENABLED : LIBINPUT_CONFIG_DRAG_DISABLED }
                ?? libinput_device_config_tap_get_default_drag_enabled(device))
        libinput_device_config_tap_set_drag_lock_enabled(
            device,
            tapDragLock.map { $0 ? LIBINPUT_CONFIG_DRAG_LOCK_ENABLED : LIBINPUT_CONFIG_DRAG_LOCK_DISABLED }
                ?? libinput_device_config_tap_get_default_drag_lock_enabled(device))
    }

    private func applyScrolling(to device: OpaquePointer) {
        if libinput_device_config_scroll_has_natural_scroll(device) != 0 {
            let isOn =
                naturalScroll.map { $0 ? 1 : 0 }
                ?? libinput_device_config_scroll_get_default_natural_scroll_enabled(device)
            libinput_device_config_scroll_set_natural_scroll_enabled(device, isOn)
        }
        libinput_device_config_scroll_set_method(
            device, scrollMethod?.inLibinput ?? libinput_device_config_scroll_get_default_method(device))
        libinput_device_config_scroll_set_button(
            device, scrollButton.map(UInt32.init) ?? libinput_device_config_scroll_get_default_button(device))
    }

    /// What is in force on a device, as far as it has such choices.
    init(inForceOn device: OpaquePointer) {
        self.init()
        if device.canTap {
            tap = libinput_device_config_tap_get_enabled(device) == LIBINPUT_CONFIG_TAP_ENABLED
            tapButtons = TapButtons(libinput_device_config_tap_get_button_map(device))
            tapDrag = libinput_device_config_tap_get_drag_enabled(device) == LIBINPUT_CONFIG_DRAG_ENABLED
            // Later versions have more than one way of being on.
            tapDragLock =
                libinput_device_config_tap_get_drag_lock_enabled(device) != LIBINPUT_CONFIG_DRAG_LOCK_DISABLED
        }
        if libinput_device_config_scroll_has_natural_scroll(device) != 0 {
            naturalScroll = libinput_device_config_scroll_get_natural_scroll_enabled(device) != 0
        }
        let scrollMethods = libinput_device_config_scroll_get_methods(device)
        if scrollMethods != LIBINPUT_CONFIG_SCROLL_NO_SCROLL.rawValue {
            scrollMethod = ScrollMethod(libinput_device_config_scroll_get_method(device))
        }
        if scrollMethod == .onButtonDown {
            let button = UInt16(clamping: libinput_device_config_scroll_get_button(device))
            scrollButton = button == 0 ? nil : button
        }
        if libinput_device_config_left_handed_is_available(device) != 0 {
            leftHanded = libinput_device_config_left_handed_get(device) != 0
        }
        if libinput_device_config_middle_emulation_is_available(device) != 0 {
            middleEmulation =
                libinput_device_config_middle_emulation_get_enabled(device) == LIBINPUT_CONFIG_MIDDLE_EMULATION_ENABLED
        }
        if libinput_device_config_click_get_methods(device) != LIBINPUT_CONFIG_CLICK_METHOD_NONE.rawValue {
            clickMethod = ClickMethod(libinput_device_config_click_get_method(device))
        }
        if libinput_device_config_dwt_is_available(device) != 0 {
            disableWhileTyping = libinput_device_config_dwt_get_enabled(device) == LIBINPUT_CONFIG_DWT_ENABLED
        }
        sends = SendMode(libinput_device_config_send_events_get_mode(device))
    }
}

extension DeviceSelector {
    /// Whether it means that device of libinput's.
    func means(_ device: OpaquePointer, _ description: DeviceDescription) -> Bool {
        switch self {
        case .node(let name): name == description.sysname
        case .make(let vendor, let product, let name):
            vendor == description.vendor && product == description.product && name == description.name
        // As mutter tells them apart.
        case .touchpads: description.capabilities.contains(.pointer) && device.canTap
        case .mice: description.capabilities.contains(.pointer) && !device.canTap
        }
    }
}

extension OpaquePointer {
    fileprivate var canTap: Bool { libinput_device_config_tap_get_finger_count(self) > 0 }
}

extension TapButtons {
    fileprivate var inLibinput: libinput_config_tap_button_map {
        switch self {
        case .rightThenMiddle: LIBINPUT_CONFIG_TAP_MAP_LRM
        case .middleThenRight: LIBINPUT_CONFIG_TAP_MAP_LMR
        }
    }

    fileprivate init(_ map: libinput_config_tap_button_map) {
        self = map == LIBINPUT_CONFIG_TAP_MAP_LMR ? .middleThenRight : .rightThenMiddle
    }
}

extension ClickMethod {
    fileprivate var inLibinput: libinput_config_click_method {
        switch self {
        case .none: LIBINPUT_CONFIG_CLICK_METHOD_NONE
        case .buttonAreas: LIBINPUT_CONFIG_CLICK_METHOD_BUTTON_AREAS
        case .clickfinger: LIBINPUT_CONFIG_CLICK_METHOD_CLICKFINGER
        }
    }

    fileprivate init?(_ method: libinput_config_click_method) {
        guard let found = Self.allCases.first(where: { $0.inLibinput == method }) else { return nil }
        self = found
    }
}

extension ScrollMethod {
    fileprivate var inLibinput: libinput_config_scroll_method {
        switch self {
        case .none: LIBINPUT_CONFIG_SCROLL_NO_SCROLL
        case .twoFinger: LIBINPUT_CONFIG_SCROLL_2FG
        case .edge: LIBINPUT_CONFIG_SCROLL_EDGE
        case .onButtonDown: LIBINPUT_CONFIG_SCROLL_ON_BUTTON_DOWN
        }
    }

    fileprivate init?(_ method: libinput_config_scroll_method) {
        guard let found = Self.allCases.first(where: { $0.inLibinput == method }) else { return nil }
        self = found
    }
}

extension SendMode {
    fileprivate var inLibinput: libinput_config_send_events_mode {
        switch self {
        case .enabled: LIBINPUT_CONFIG_SEND_EVENTS_ENABLED
        case .disabled: LIBINPUT_CONFIG_SEND_EVENTS_DISABLED
        case .disabledOnExternalMouse: LIBINPUT_CONFIG_SEND_EVENTS_DISABLED_ON_EXTERNAL_MOUSE
        }
    }

    fileprivate init?(_ mode: UInt32) {
        guard let found = Self.allCases.first(where: { $0.inLibinput.rawValue == mode }) else { return nil }
        self = found
    }
}
