import Events

/// The one version that is spoken. docs/AGENT-PROTOCOL.md is the description.
public let protocolVersion: UInt16 = 4
/// No packet is longer; a reader offers one byte more, to notice.
public let maximumMessageBytes = 8192

/// Limits of the strings, in bytes of UTF-8.
public enum StringLimit {
    public static let appID = 256
    public static let title = 1024
    public static let output = 64
    public static let outputText = 256
    public static let deviceName = 256
    public static let source = 64
    public static let name = 64
    public static let reason = 256
    public static let text = 256
    public static let widgetName = 256
    public static let application = 64
}

/// From the agent to the service.
public enum AgentMessage: Sendable, Equatable {
    case hello(Hello)
    case focus(FocusReport)
    case layout(LayoutReport)
    case watermark(Watermark)
    case backendState(BackendState)
    case indicator(IndicatorState)
    case field(FieldReport)
    case pauseRequest(PauseRequest)
    case lock(LockReport)
    case outputs(OutputsReport)
    case settings(SettingsReport)
    case focusMet(FocusMet)
    case clickMet(ClickMet)
    case windowPlace(WindowPlaceReport)
    case pointerPlace(PointerPlaceReport)
}

/// The first message of a connection.
public struct Hello: Sendable, Equatable {
    public var backend: String
    public var compositor: String
    public init(backend: String, compositor: String) {
        self.backend = backend
        self.compositor = compositor
    }
}

/// Who owns the keyboard since `timeMicroseconds`.
public struct FocusReport: Sendable, Equatable {
    /// CLOCK_MONOTONIC, µs: when the agent had the compositor's word in its hands.
    public var timeMicroseconds: UInt64
    public var state: FocusState
    /// The agent's number for the window; 0 unless the state is `window`.
    public var window: UInt64
    /// 0: not known.
    public var processID: Int32
    public var appID: String
    public var title: String
    public var isTitleTruncated: Bool
    public var output: String
    public var source: String
    public init(
        timeMicroseconds: UInt64, state: FocusState, window: UInt64 = 0, processID: Int32 = 0, appID: String = "",
        title: String = "", isTitleTruncated: Bool = false, output: String = "", source: String = ""
    ) {
        self.timeMicroseconds = timeMicroseconds
        self.state = state
        self.window = window
        self.processID = processID
        self.appID = appID
        self.title = title
        self.isTitleTruncated = isTitleTruncated
        self.output = output
        self.source = source
    }
}

/// The layout in force on the seat.
public struct LayoutReport: Sendable, Equatable {
    public var description: LayoutDescription
    /// Only where the description says that it is known.
    public var table: LayoutTable?
    public init(description: LayoutDescription, table: LayoutTable?) {
        self.description = description
        self.table = table
    }
}

/// The answer to a probe: every focus change that the compositor had made by `sentMicroseconds`, everything it decided
/// about keys stamped by then, and every field that such a key may have met, is known to the service with this message.
public struct Watermark: Sendable, Equatable {
    public var probe: UInt64
    /// CLOCK_MONOTONIC, µs: before the first request of the round trip left.
    public var sentMicroseconds: UInt64
    /// CLOCK_MONOTONIC, µs: when the compositor's last answer was there.
    public var answeredMicroseconds: UInt64
    /// CLOCK_MONOTONIC, µs: when accessibility and terminals had been asked as well. Not before the answer.
    public var checkedMicroseconds: UInt64
    public init(
        probe: UInt64, sentMicroseconds: UInt64, answeredMicroseconds: UInt64, checkedMicroseconds: UInt64
    ) {
        self.probe = probe
        self.sentMicroseconds = sentMicroseconds
        self.answeredMicroseconds = answeredMicroseconds
        self.checkedMicroseconds = checkedMicroseconds
    }
}

/// Whether the agent has a compositor to ask; the focus is reported separately.
public struct BackendState: Sendable, Equatable {
    public var isUsable: Bool
    public var backend: String
    public var reason: String
    public init(isUsable: Bool, backend: String, reason: String) {
        self.isUsable = isUsable
        self.backend = backend
        self.reason = reason
    }
}

/// Whether the person can see that recording is on. Until it says that it is shown, devices stay closed.
public struct IndicatorState: Sendable, Equatable {
    public var isShown: Bool
    /// How it is shown, for `kymo status`; empty while it is not.
    public var means: String
    /// Why it is not, or what it was shown on.
    public var reason: String
    public init(isShown: Bool, means: String, reason: String) {
        self.isShown = isShown
        self.means = means
        self.reason = reason
    }
}

/// What kind of field has the keyboard in the window that has the focus, and what its terminals looked like.
public struct FieldReport: Sendable, Equatable {
    /// More than this nobody keeps: at one every 15 ms the gate's deadline is reached after twenty.
    public static let sampleLimit = 64

    /// CLOCK_MONOTONIC, µs: since when it is known to be so. Not after the sending.
    public var timeMicroseconds: UInt64
    /// The number that the last focus report gave the window. A report about another one is late, and means nothing.
    public var window: UInt64
    public var field: FieldDescription
    /// Looks at the subject's terminals since the last report, oldest first.
    public var samples: [EchoSample]
    public init(timeMicroseconds: UInt64, window: UInt64, field: FieldDescription, samples: [EchoSample] = []) {
        self.timeMicroseconds = timeMicroseconds
        self.window = window
        self.field = field
        self.samples = samples
    }
}

/// The person clicked on the indicator, or asked otherwise through the agent.
public struct PauseRequest: Sendable, Equatable {
    public enum Action: UInt8, Sendable, CaseIterable { case resume = 0, pause = 1 }
    public var action: Action
    /// 0: until resumed. Of a pause alone.
    public var seconds: UInt32
    public init(action: Action, seconds: UInt32 = 0) {
        self.action = action
        self.seconds = seconds
    }
}

/// What the session itself says of its lock (org.freedesktop.ScreenSaver): it may know before logind does.
public struct LockReport: Sendable, Equatable {
    /// CLOCK_MONOTONIC, µs: when the agent was told.
    public var timeMicroseconds: UInt64
    public var isLocked: Bool
    public init(timeMicroseconds: UInt64, isLocked: Bool) {
        self.timeMicroseconds = timeMicroseconds
        self.isLocked = isLocked
    }
}

/// Which widget got the keyboard. Of a password's field there is no such message.
public struct FocusMet: Sendable, Equatable {
    /// CLOCK_MONOTONIC, µs: when the agent heard that the widget has the focus; not before its window got it.
    public var timeMicroseconds: UInt64
    /// The number that the last focus report gave the window.
    public var window: UInt64
    /// Nil: the app did not say in time which it is.
    public var widget: Widget?
    public init(timeMicroseconds: UInt64, window: UInt64, widget: Widget?) {
        self.timeMicroseconds = timeMicroseconds
        self.window = window
        self.widget = widget
    }
}

/// The answer to a `click`.
public struct ClickMet: Sendable, Equatable {
    /// The number that was asked by.
    public var number: UInt64
    public var answer: ClickAnswer
    public init(number: UInt64, answer: ClickAnswer) {
        self.number = number
        self.answer = answer
    }
}

/// From the service to the agent.
public enum DaemonMessage: Sendable, Equatable {
    case welcome(version: UInt16)
    case refused(reason: String)
    case probe(id: UInt64)
    case recording(RecordingState)
    /// Of whose widgets the agent is to tell from now on; 0: of no window's.
    case interactions(window: UInt64)
    /// A button was pressed while that window had the keyboard, as far as is known: which widget did it meet?
    case click(number: UInt64)
    /// A button was pressed while the place of the pointer may be kept: where is it?
    case press(number: UInt64)
}

/// What the indicator is to show.
public struct RecordingState: Sendable, Equatable {
    public enum Phase: UInt8, Sendable, CaseIterable { case off = 0, recording = 1, paused = 2 }
    public var phase: Phase
    /// For people: until when it is paused, why nothing is recorded.
    public var text: String
    public init(phase: Phase, text: String) {
        self.phase = phase
        self.text = text
    }
}
