import Events

extension Payload {
    /// What is no input: state, accounts, and what apps and compositors said.
    func putState(into object: inout some FieldWriter) {
        switch self {
        case .deviceAdded(let device): device.put(into: &object)
        case .deviceRemoved(let device): object.put("sysname", device.sysname)
        case .focus(let focus): focus.put(into: &object)
        case .layout(let layout):
            object.put("known", layout.isKnown)
            object.put("name", layout.name)
            object.put("group", layout.group)
            object.put("keymap_hash", String(layout.keymapHash, radix: 16))
        case .suppression(let span):
            object.put("reason", span.reason.name)
            object.put("phase", span.phase.name)
            object.put("start_us", span.startMicroseconds)
            object.put("end_us", span.endMicroseconds)
            if span.reason.isClosed || span.reason.mayBeSecret {
                object.putNull("keys")
                object.putNull("others")
            } else {
                object.put("keys", span.keys)
                object.put("others", span.others)
            }
        case .loss(let loss):
            object.put("reason", loss.reason.name)
            object.put("start_us", loss.startMicroseconds)
            object.put("end_us", loss.endMicroseconds)
            if let count = loss.count { object.put("count", count) } else { object.putNull("count") }
            object.put("detail", loss.detail)
        case .clock(let pair):
            object.put("realtime_us", pair.realtimeMicroseconds)
            object.put("reason", pair.reason.name)
        case .session(let session):
            object.put("subject", session.subject)
            object.put("user_id", session.userID)
            object.put("active", session.isActive)
        case .recorder(let state):
            object.put("running", state.isRunning)
            object.put("version", state.version)
            object.put("libinput", state.libinputVersion)
        case .interaction(let interaction): interaction.put(into: &object)
        case .forgetting(let notice): object.put("everything", notice.isEverything)
        case .consent(let consent):
            object.put("given", consent.isGiven)
            object.put("subject", consent.subject)
            object.put("user_id", consent.userID)
            object.put("receipt", consent.receipt)
        case .pause(let pause):
            object.put("paused", pause.isPaused)
            if pause.isPaused {
                if pause.endRealtimeMicroseconds > 0 {
                    object.put("until_us", pause.endRealtimeMicroseconds)
                } else {
                    object.putNull("until_us")
                }
            }
        case .output(let notice): notice.put(into: &object)
        case .settings(let notice): notice.put(into: &object)
        case .windowPlace(let place):
            object.put("x", place.x)
            object.put("y", place.y)
            object.put("width", place.width)
            object.put("height", place.height)
        case .pointerPlace(let place):
            object.put("frame", place.frame.name)
            object.put("delay_us", place.delayMicroseconds)
            object.put("x", place.x)
            object.put("y", place.y)
        default: break
        }
    }
}

extension DeviceDescription {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("name", name)
        object.put("sysname", sysname)
        object.put("seat", seat)
        object.put("vendor_id", vendor)
        object.put("product_id", product)
        object.put("bus", bus)
        object.put("capabilities", capabilities.names)
        if widthMicrometres > 0 {
            object.put("width_um", widthMicrometres)
            object.put("height_um", heightMicrometres)
        }
        object.put("configuration_known", isConfigurationKnown)
    }
}

extension SettingsNotice {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("known", isKnown)
        if let tap = settings.tap { object.put("tap", tap) }
        if let buttons = settings.tapButtons { object.put("tap_buttons", buttons.name) }
        if let drag = settings.tapDrag { object.put("tap_drag", drag) }
        if let lock = settings.tapDragLock { object.put("tap_drag_lock", lock) }
        if let isNatural = settings.naturalScroll { object.put("natural_scroll", isNatural) }
        if let isLeft = settings.leftHanded { object.put("left_handed", isLeft) }
        if let emulation = settings.middleEmulation { object.put("middle_emulation", emulation) }
        if let method = settings.clickMethod { object.put("click_method", method.name) }
        if let method = settings.scrollMethod { object.put("scroll_method", method.name) }
        if let button = settings.scrollButton { object.put("scroll_button", button) }
        if let isDisabled = settings.disableWhileTyping { object.put("disable_while_typing", isDisabled) }
        if let sends = settings.sends { object.put("sends", sends.name) }
        if !source.isEmpty { object.put("source", source) }
    }
}

extension OutputNotice {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("number", number)
        object.put("connected", isConnected)
        object.put("name", output.name)
        if !output.text.isEmpty { object.put("description", output.text) }
        object.put("x", output.x)
        object.put("y", output.y)
        if output.width > 0 {
            object.put("width", output.width)
            object.put("height", output.height)
        }
        if output.modeWidth > 0 {
            object.put("mode_width", output.modeWidth)
            object.put("mode_height", output.modeHeight)
        }
        if output.refreshMillihertz > 0 { object.put("refresh_mhz", output.refreshMillihertz) }
        if output.scale.raw != 0 { object.put("scale", output.scale) }
        object.put("transform", output.transform.name)
        if output.widthMillimetres > 0 {
            object.put("width_mm", output.widthMillimetres)
            object.put("height_mm", output.heightMillimetres)
        }
    }
}

extension Interaction {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("cause", cause.name)
        object.put("answered", widget != nil)
        guard let widget else { return }
        object.put("role", widget.role)
        if let name = RoleNames.name(widget.role) { object.put("role_name", name) }
        object.put("name_form", widget.nameForm.name)
        switch widget.nameForm {
        case .off: break
        case .hash: object.put("name_hash", widget.name)
        case .full, .truncated: object.put("name", widget.name)
        }
        if !widget.application.isEmpty { object.put("application", widget.application) }
        guard let bounds = widget.bounds else { return }
        object.put("x", bounds.x)
        object.put("y", bounds.y)
        object.put("width", bounds.width)
        object.put("height", bounds.height)
    }
}

extension FocusDescription {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("state", state.name)
        object.put("title_form", titleForm.name)
        switch titleForm {
        case .off: break
        case .hash: object.put("title_hash", title)
        case .full, .truncated: object.put("title", title)
        }
        if processID != 0 { object.put("pid", processID) }
        if window != 0 { object.put("window", window) }
        if !output.isEmpty { object.put("output", output) }
        object.put("source", source)
        object.put("uncertainty_us", uncertaintyMicroseconds)
    }
}
