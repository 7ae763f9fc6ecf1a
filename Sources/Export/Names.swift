import Events

/// The kinds of lines, by the names that users give and read. Stable: docs/JSON.md lists them.
public enum RecordName: String, Sendable, CaseIterable {
    case key
    case keyCounts = "key_counts"
    case motion, position, button, scroll, swipe, pinch, hold, touch
    case tabletTool = "tablet_tool"
    case tabletPad = "tablet_pad"
    case toggle = "switch"
    case deviceAdded = "device_added"
    case deviceRemoved = "device_removed"
    case focus, layout, suppression, loss, clock, session, recorder, forgetting, consent, pause, output, interaction
    case settings = "device_settings"
    case windowPlace = "window_place"
    case pointerPlace = "pointer_place"
    /// Not a record: a place in the journal that cannot be read.
    case damage
    /// Not a record: chunks that were removed because somebody asked for it.
    case forgotten

    /// Whether it tells of what is not there, and not of something that happened.
    var isAccount: Bool {
        switch self {
        case .loss, .suppression, .forgetting, .damage, .forgotten: true
        default: false
        }
    }
}

extension Payload {
    public var recordName: RecordName {
        switch self {
        case .key: .key
        case .keyCounts: .keyCounts
        case .motion: .motion
        case .position: .position
        case .button: .button
        case .scroll: .scroll
        case .swipe: .swipe
        case .pinch: .pinch
        case .hold: .hold
        case .touch: .touch
        case .tabletTool: .tabletTool
        case .tabletPad: .tabletPad
        case .toggle: .toggle
        case .deviceAdded: .deviceAdded
        case .deviceRemoved: .deviceRemoved
        case .focus: .focus
        case .layout: .layout
        case .suppression: .suppression
        case .loss: .loss
        case .clock: .clock
        case .session: .session
        case .recorder: .recorder
        case .forgetting: .forgetting
        case .consent: .consent
        case .pause: .pause
        case .output: .output
        case .settings: .settings
        case .interaction: .interaction
        case .windowPlace: .windowPlace
        case .pointerPlace: .pointerPlace
        }
    }
}

/// A value with a name that stays the same in every output.
protocol Named { var name: String { get } }

extension Press: Named { var name: String { self == .pressed ? "pressed" : "released" } }
extension GesturePhase: Named { var name: String { "\(self)" } }
extension TouchPhase: Named { var name: String { "\(self)" } }
extension ScrollSource: Named { var name: String { "\(self)" } }
extension PadControl: Named { var name: String { "\(self)" } }
extension FocusState: Named { var name: String { "\(self)" } }
extension TitleForm: Named { var name: String { "\(self)" } }
extension ClockReason: Named { var name: String { "\(self)" } }
extension PointerFrame: Named { var name: String { "\(self)" } }
extension InteractionCause: Named { var name: String { "\(self)" } }
extension SpanPhase: Named { var name: String { "\(self)" } }

extension KeyClass {
    /// Its count's, in `key_counts`.
    var fieldName: StaticString {
        switch self {
        case .letter: "letter"
        case .digit: "digit"
        case .punctuation: "punctuation"
        case .space: "space"
        case .enter: "enter"
        case .editing: "editing"
        case .navigation: "navigation"
        case .other: "other"
        case .text: "text"
        }
    }
}

extension TabletPhase: Named {
    var name: String {
        switch self {
        case .axis: "axis"
        case .proximityIn: "proximity_in"
        case .proximityOut: "proximity_out"
        case .tipDown: "tip_down"
        case .tipUp: "tip_up"
        case .buttonPressed: "button_pressed"
        case .buttonReleased: "button_released"
        }
    }
}

extension SwitchKind: Named {
    var name: String {
        switch self {
        case .lid: "lid"
        case .tabletMode: "tablet_mode"
        case .keypadSlide: "keypad_slide"
        }
    }
}

extension SuppressionReason: Named {
    var name: String {
        switch self {
        case .focusUnknown: "focus_unknown"
        case .unconfirmed: "unconfirmed"
        case .rule: "rule"
        case .noWindow: "no_window"
        case .inactive: "inactive"
        case .stopping: "stopping"
        case .sessionUnknown: "session_unknown"
        case .locked: "locked"
        case .suspended: "suspended"
        case .noConsent: "no_consent"
        case .paused: "paused"
        case .noIndicator: "no_indicator"
        case .password: "password"
        case .terminal: "terminal"
        case .accessibility: "accessibility"
        case .denied: "denied"
        case .privateWindow: "private_window"
        }
    }
}

extension LossReason: Named {
    var name: String {
        switch self {
        case .kernelBuffer: "kernel_buffer"
        case .ringFull: "ring_full"
        case .holdBackFull: "hold_back_full"
        case .crash: "crash"
        case .tornTail: "torn_tail"
        case .journalWrite: "journal_write"
        }
    }
}

extension OutputTransform: Named {
    var name: String {
        switch self {
        case .normal: "normal"
        case .turned90: "90"
        case .turned180: "180"
        case .turned270: "270"
        case .flipped: "flipped"
        case .flipped90: "flipped-90"
        case .flipped180: "flipped-180"
        case .flipped270: "flipped-270"
        }
    }
}

extension TapButtons: Named {
    var name: String {
        switch self {
        case .rightThenMiddle: "right_then_middle"
        case .middleThenRight: "middle_then_right"
        }
    }
}

extension ClickMethod: Named {
    var name: String {
        switch self {
        case .none: "none"
        case .buttonAreas: "button_areas"
        case .clickfinger: "clickfinger"
        }
    }
}

extension ScrollMethod: Named {
    var name: String {
        switch self {
        case .none: "none"
        case .twoFinger: "two_finger"
        case .edge: "edge"
        case .onButtonDown: "on_button_down"
        }
    }
}

extension SendMode: Named {
    var name: String {
        switch self {
        case .enabled: "enabled"
        case .disabled: "disabled"
        case .disabledOnExternalMouse: "disabled_on_external_mouse"
        }
    }
}

extension Marks {
    var names: [String] {
        var names: [String] = []
        if contains(.uncertain) { names.append("uncertain") }
        if contains(.causedFocusChange) { names.append("caused_focus_change") }
        if contains(.snapshot) { names.append("snapshot") }
        return names
    }
}

extension Modifiers {
    var names: [String] {
        var names: [String] = []
        if contains(.control) { names.append("control") }
        if contains(.alt) { names.append("alt") }
        if contains(.super) { names.append("super") }
        if contains(.shift) { names.append("shift") }
        if contains(.level3) { names.append("level3") }
        return names
    }
}

extension ScrollAxes {
    var names: [String] {
        (contains(.vertical) ? ["vertical"] : []) + (contains(.horizontal) ? ["horizontal"] : [])
    }
}

extension Capabilities {
    public var names: [String] {
        let all: [(Capabilities, String)] = [
            (.keyboard, "keyboard"), (.pointer, "pointer"), (.touch, "touch"), (.tabletTool, "tablet_tool"),
            (.tabletPad, "tablet_pad"), (.gesture, "gesture"), (.switch, "switch"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
