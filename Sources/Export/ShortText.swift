import Events

extension Event {
    /// What happened, in words; whatever comes from windows and devices is made visible.
    func text(_ context: EventContext) -> String {
        switch payload {
        case .key(let key): key.text
        case .keyCounts(let counts): counts.text
        case .button(let button):
            "\(button.press == .pressed ? "press" : "release") \(KeyNames.name(button.code).replacing("BTN_", with: "").lowercased())"
        case .motion, .position, .scroll: MotionFold(self)?.text ?? ""
        case .swipe(let swipe): "\(swipe.fingers) fingers, \(swipe.phase.name)"
        case .pinch(let pinch): "\(pinch.fingers) fingers, \(pinch.phase.name), scale \(short(pinch.scale.value))"
        case .hold(let hold): "\(hold.fingers) fingers, \(hold.phase.name)"
        case .touch(let touch): "\(touch.phase.name), slot \(touch.slot)"
        case .tabletTool(let tool): tool.phase.name.replacing("_", with: " ")
        case .tabletPad(let pad): "\(pad.control.name) \(pad.number), \(short(pad.value.value))"
        case .toggle(let toggle): "\(toggle.kind.name.replacing("_", with: " ")) \(toggle.isOn ? "on" : "off")"
        default: stateText(context)
        }
    }

    private func stateText(_ context: EventContext) -> String {
        switch payload {
        case .deviceAdded(let device): "+ \(device.sysname.visible)  \(device.text)"
        case .deviceRemoved(let removed):
            "- \(removed.sysname.visible)  \(context.device(device)?.name.visible ?? "")"
        case .focus(let focus): focus.text
        case .layout(let layout): layout.isKnown ? layout.name.visible : "unknown: typed keys count as text"
        case .suppression(let span): span.text
        case .loss(let loss): loss.text
        case .clock(let pair): pair.reason.name
        case .session(let session): "\(session.subject.visible) \(session.isActive ? "active" : "not active")"
        case .recorder(let state):
            "\(state.isRunning ? "started" : "stopped"), version \(state.version.visible), \(state.libinputVersion.visible)"
        case .forgetting(let notice):
            "\(notice.isEverything ? "everything before" : "something") was forgotten, as asked for"
        case .consent(let consent):
            "of \(consent.subject.visible) \(consent.isGiven ? "in force" : "withdrawn"): receipt \(consent.receipt.visible)"
        case .pause(let pause):
            pause.text
        case .output(let notice): notice.text
        case .settings(let notice): notice.text
        case .interaction(let interaction): interaction.text
        case .windowPlace(let place): "\(place.width)x\(place.height) at \(place.x),\(place.y)"
        case .pointerPlace(let place): place.text
        default: ""
        }
    }
}

extension Key {
    /// `press Ctrl+C`, as people say it.
    fileprivate var text: String {
        let words: [(Modifiers, String)] = [
            (.control, "Ctrl+"), (.alt, "Alt+"), (.super, "Super+"), (.shift, "Shift+"), (.level3, "AltGr+"),
        ]
        let held = words.filter { modifiers.contains($0.0) }.map(\.1).joined()
        let name = KeyNames.name(code)
        let key = name.hasPrefix("KEY_") ? name.dropFirst(4) : name[...]
        // A modifier does not hold itself.
        let prefix = key.hasPrefix("LEFT") || key.hasPrefix("RIGHT") ? (key.count <= 5 ? held : "") : held
        return "\(press == .pressed ? "press" : "release") \(prefix)\(key)"
    }
}

extension PauseNotice {
    fileprivate var text: String {
        guard isPaused else { return "is over" }
        guard endRealtimeMicroseconds > 0 else { return "until resumed" }
        var moment = LocalMoment()
        return "until \(moment.text(endRealtimeMicroseconds))"
    }
}

extension KeyCounts {
    fileprivate var text: String {
        let names: [(KeyClass, String)] = [
            (.letter, "letter"), (.digit, "digit"), (.punctuation, "punctuation"), (.space, "space"),
            (.enter, "enter"), (.editing, "editing"), (.navigation, "navigation"), (.other, "other"), (.text, "text"),
        ]
        return names.filter { self[$0.0] > 0 }.map { "\($0.1) \(self[$0.0])" }.joined(separator: ", ")
    }
}

extension DeviceDescription {
    /// `"Name" 046d:c52b keyboard, pointer`.
    public var text: String {
        func hexadecimal(_ value: UInt16) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"\(name.visible)\" \(hexadecimal(vendor)):\(hexadecimal(product)) "
            + capabilities.names.joined(separator: ", ").replacing("_", with: " ")
    }
}

extension SettingsNotice {
    /// What differs from what most devices do, and who says so.
    fileprivate var text: String {
        guard isKnown else { return "unknown: what the desktop makes of its input is not known" }
        let flags: [(Bool?, String)] = [
            (settings.tap, "tap to click"), (settings.naturalScroll, "natural scroll"),
            (settings.leftHanded, "left-handed"), (settings.middleEmulation, "middle emulation"),
        ]
        var words = flags.filter { $0.0 == true }.map(\.1)
        if let sends = settings.sends, sends != .enabled { words.append(sends.name.replacing("_", with: " ")) }
        return (words.isEmpty ? "as the device comes" : words.joined(separator: ", ")) + "  (\(source.visible))"
    }
}

extension OutputNotice {
    /// `+ DP-1  1920x1080 at 0,0, scale 1.5, turned 90  "maker model"`.
    fileprivate var text: String {
        let name = output.name.isEmpty ? "output \(number)" : output.name.visible
        guard isConnected else { return "- \(name)" }
        var text = "+ \(name)  "
        if output.width > 0 { text += "\(output.width)x\(output.height) " }
        text += "at \(output.x),\(output.y)"
        if output.scale.raw != 0, output.scale.raw != 256 { text += ", scale \(output.scale.decimal)" }
        if output.transform != .normal { text += ", turned \(output.transform.name)" }
        return output.text.isEmpty ? text : text + "  \"\(output.text.visible)\""
    }
}

extension FocusDescription {
    fileprivate var text: String {
        switch state {
        case .unknown: return "unknown: no keys are recorded"
        case .none: return "no window"
        case .window: break
        }
        if appID.isEmpty { return "a window whose rule is off, or without a name" }
        var text = "→ \(appID.visible)"
        switch titleForm {
        case .off: break
        case .hash: text += "  title #\(title.prefix(8).description.visible)"
        case .full: text += "  \"\(title.visible)\""
        case .truncated: text += "  \"\(title.visible)…\""
        }
        if processID != 0 { text += "  pid \(processID)" }
        return text + "  ±\(duration(UInt64(uncertaintyMicroseconds)))"
    }
}

extension PointerPlace {
    /// `at 812, 40 of the desktop`, and how much later that was, where it is worth a word.
    fileprivate var text: String {
        let late = delayMicroseconds < 1000 ? "" : ", \(delayMicroseconds / 1000) ms later"
        return "at \(short(x.value)), \(short(y.value)) of the \(frame.name)\(late)"
    }
}

extension Interaction {
    /// `click on push button "Save"`.
    fileprivate var text: String {
        let verb = cause == .click ? "click on" : "focus on"
        guard let widget else { return "\(verb) something: the app gave no answer" }
        var text = "\(verb) \(RoleNames.name(widget.role) ?? "role \(widget.role)")"
        switch widget.nameForm {
        case .off: break
        case .hash: text += " #\(widget.name.prefix(8).description.visible)"
        case .full: text += " \"\(widget.name.visible)\""
        case .truncated: text += " \"\(widget.name.visible)…\""
        }
        if let bounds = widget.bounds {
            text += "  \(bounds.width)×\(bounds.height) at \(bounds.x), \(bounds.y)"
        }
        return text
    }
}

extension SuppressionReason {
    /// Why nothing was written, in words.
    public var explanation: String {
        switch self {
        case .focusUnknown: "nobody knows who has the keyboard"
        case .unconfirmed: "the agent did not confirm the focus in time"
        case .rule: "the rule for the app is off"
        case .noWindow: "no window has the keyboard"
        case .inactive: "nobody who may be recorded has the seat"
        case .stopping: "the recorder stopped"
        case .sessionUnknown: "logind did not say who is there"
        case .locked: "the session is locked"
        case .suspended: "the machine sleeps"
        case .noConsent: "there is no consent"
        case .paused: "paused"
        case .noIndicator: "the indicator is not shown"
        case .password: "a password's field has the keyboard"
        case .terminal: "a terminal asks for a secret, or was not looked at closely enough"
        case .accessibility: "nobody says which field has the keyboard"
        case .denied: "the app is on the deny list"
        case .privateWindow: "a browser's private window"
        }
    }

    /// By the name that `kymo status` and JSON have for it.
    public init?(name: String) {
        guard let reason = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = reason
    }
}

extension Suppression {
    fileprivate var text: String {
        let why = reason.explanation
        guard phase == .end else { return "not recorded from here on: \(why)" }
        let span = duration(endMicroseconds - min(startMicroseconds, endMicroseconds))
        if reason.isClosed { return "end: \(why); devices were closed for \(span)" }
        if reason.mayBeSecret { return "end: \(why); within \(span)" }
        return "end: \(why); \(keys) keys, \(others) other events in \(span)"
    }
}

extension Loss {
    fileprivate var text: String {
        let why =
            switch reason {
            case .kernelBuffer: "the kernel's buffer ran over"
            case .ringFull: "the journal was too slow"
            case .holdBackFull: "too many events waited for the gate"
            case .crash: "the recorder ended without saying so"
            case .tornTail: "a chunk was only half written"
            case .journalWrite: "the journal could not be written"
            }
        let amount = count.map { "\($0) events" } ?? "an unknown number of events"
        let span = duration(endMicroseconds - min(startMicroseconds, endMicroseconds))
        return "LOST \(amount) in \(span): \(why)" + (detail.isEmpty ? "" : " (\(detail.visible))")
    }
}
