/// A device within one run of the recorder: 1, 2, 3… in the order of arrival, never reused while it runs. 0: no device.
public typealias DeviceID = UInt16

/// A focus within one run of the recorder: each change of window, title or state gets the next number.
/// 0: no attribution (unknown focus, or a record to which focus does not apply).
public typealias FocusID = UInt32

/// One thing that can be recorded, before or after the gate.
///
/// Input payloads are plain values, so that the hot path copies and never allocates; the rare ones
/// (devices, focus, losses…) carry strings and are boxed (`indirect`), which keeps an event small.
public struct Event: Sendable, Equatable {
    /// CLOCK_MONOTONIC, microseconds. For input: the kernel's stamp (`struct input_event`). For focus: the moment
    /// the agent received it. For everything else: the moment the recorder knew.
    public var timeMicroseconds: UInt64
    public var device: DeviceID
    /// The focus that owned the keyboard at `timeMicroseconds`, set by the gate.
    public var focus: FocusID
    public var marks: Marks
    public var payload: Payload

    public init(
        timeMicroseconds: UInt64, device: DeviceID = 0, focus: FocusID = 0, marks: Marks = [], payload: Payload
    ) {
        self.timeMicroseconds = timeMicroseconds
        self.device = device
        self.focus = focus
        self.marks = marks
        self.payload = payload
    }
}

/// What the recorder knows about the circumstances of an event. Stored as one byte.
public struct Marks: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The event lies inside the uncertainty around a focus change; the strictest rule of both neighbours was applied.
    public static let uncertain = Marks(rawValue: 1 << 0)
    /// A press that was followed by a focus change within the uncertainty: it probably caused it.
    public static let causedFocusChange = Marks(rawValue: 1 << 1)
    /// A repetition of state at the start of a segment, not something that happened now.
    public static let snapshot = Marks(rawValue: 1 << 2)
}

/// Everything that can be recorded. Raw values of the nested enums are part of the journal's format.
public enum Payload: Sendable, Equatable {
    // Input: plain values.
    case key(Key)
    case keyCounts(KeyCounts)
    case motion(Motion)
    case position(Position)
    case button(Button)
    case scroll(Scroll)
    case swipe(Swipe)
    case pinch(Pinch)
    case hold(Hold)
    case touch(Touch)
    case tabletTool(TabletTool)
    case tabletPad(TabletPad)
    case toggle(Toggle)

    // State and accounts: rare, boxed.
    indirect case deviceAdded(DeviceDescription)
    indirect case deviceRemoved(DeviceRemoval)
    indirect case focus(FocusDescription)
    indirect case layout(LayoutDescription)
    indirect case suppression(Suppression)
    indirect case loss(Loss)
    indirect case clock(ClockPair)
    indirect case session(SessionDescription)
    indirect case recorder(RecorderState)
    indirect case forgetting(ForgettingNotice)
    indirect case consent(ConsentNotice)
    indirect case pause(PauseNotice)
    indirect case output(OutputNotice)
    indirect case settings(SettingsNotice)

    // What an app said of a widget: judged by the gate, and boxed for its texts.
    indirect case interaction(Interaction)

    // What a compositor said of places: judged by the gate like what it said of widgets.
    indirect case windowPlace(WindowPlace)
    indirect case pointerPlace(PointerPlace)
}

extension Payload {
    /// Whether a person's hand on a device made this (as opposed to an account of state).
    public var isInput: Bool {
        switch self {
        case .key, .keyCounts, .motion, .position, .button, .scroll, .swipe, .pinch, .hold, .touch, .tabletTool,
            .tabletPad, .toggle:
            true
        default: false
        }
    }
}
