import Events

/// The one version that is spoken. docs/AGENT-PROTOCOL.md is the description.
public let protocolVersion: UInt16 = 1
/// No packet is longer; a reader offers one byte more, to notice.
public let maximumMessageBytes = 8192

/// Limits of the strings, in bytes of UTF-8.
public enum StringLimit {
    public static let appID = 256
    public static let title = 1024
    public static let output = 64
    public static let source = 64
    public static let name = 64
    public static let reason = 256
}

/// From the agent to the service.
public enum AgentMessage: Sendable, Equatable {
    case hello(Hello)
    case focus(FocusReport)
    case layout(LayoutReport)
    case watermark(Watermark)
    case backendState(BackendState)
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

/// The answer to a probe: every focus change that the compositor had made by `sentMicroseconds`, and everything it
/// decided about keys stamped by then, is known to the service with this message.
public struct Watermark: Sendable, Equatable {
    public var probe: UInt64
    /// CLOCK_MONOTONIC, µs: before the first request of the round trip left.
    public var sentMicroseconds: UInt64
    /// CLOCK_MONOTONIC, µs: when the last answer was there.
    public var answeredMicroseconds: UInt64
    public init(probe: UInt64, sentMicroseconds: UInt64, answeredMicroseconds: UInt64) {
        self.probe = probe
        self.sentMicroseconds = sentMicroseconds
        self.answeredMicroseconds = answeredMicroseconds
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

/// From the service to the agent.
public enum DaemonMessage: Sendable, Equatable {
    case welcome(version: UInt16)
    case refused(reason: String)
    case probe(id: UInt64)
}
