import AgentProtocol
import Events

/// What a person sees of the recorder, whatever it is shown by.
public struct Presentation: Sendable, Equatable {
    /// Different in shape, not in colour alone.
    public enum Symbol: Sendable, Equatable, CaseIterable { case recording, paused, off }
    public var symbol: Symbol
    /// One line.
    public var text: String
    /// The person has asked for something, and the service has not answered yet.
    public var isPending: Bool
    public init(symbol: Symbol, text: String, isPending: Bool = false) {
        self.symbol = symbol
        self.text = text
        self.isPending = isPending
    }
}

/// What the service says of itself and what the person asked for. Nothing here is guessed: a click changes what is
/// shown to "pausing…", and only the service's own word to "paused".
public struct Indication: Sendable, Equatable {
    /// Two clicks within this time are a double click, which is one wish: the second must not undo the first.
    static let doubleClickMicroseconds: UInt64 = 400_000

    /// What is known of the service.
    public enum Service: Sendable, Equatable {
        case gone
        /// It is there, and has not said yet what it does.
        case silent
        case said(RecordingState)
    }

    private var service = Service.gone
    private var asked: PauseRequest.Action?
    private var clickMicroseconds: UInt64?

    public init() {}

    public mutating func heard(_ service: Service) {
        self.service = service
        asked = nil
    }

    /// A click at that time (CLOCK_MONOTONIC, µs): what to ask of the service, if anything.
    ///
    /// It pauses while anything may be recorded, and also while nothing is: what keeps the recorder from recording may
    /// be over in the next moment, and the person's wish was clear. It resumes only what is paused.
    public mutating func clicked(atMicroseconds now: UInt64) -> PauseRequest? {
        defer { clickMicroseconds = now }
        if let last = clickMicroseconds, now < last + Self.doubleClickMicroseconds { return nil }
        // Before the answer to the last click came, another one says the same again.
        return ask(asked ?? (isPaused ? .resume : .pause))
    }

    /// As chosen from a menu. Nil where there is nobody to ask.
    ///
    /// - Parameter seconds: of a pause; 0: until resumed.
    public mutating func ask(_ action: PauseRequest.Action, seconds: UInt32 = 0) -> PauseRequest? {
        guard service != .gone else { return nil }
        asked = action
        return PauseRequest(action: action, seconds: seconds)
    }

    public var isPaused: Bool {
        if case .said(let state) = service { state.phase == .paused } else { false }
    }

    public var presentation: Presentation {
        var shown =
            switch service {
            case .gone: Presentation(symbol: .off, text: "not recording: no recorder")
            case .silent: Presentation(symbol: .off, text: "asking the recorder…")
            case .said(let state): Self.presentation(of: state)
            }
        if let asked {
            shown.text = asked == .pause ? "pausing…" : "resuming…"
            shown.isPending = true
        }
        return shown
    }

    private static func presentation(of state: RecordingState) -> Presentation {
        let detail = state.text.visible
        return switch state.phase {
        case .recording: Presentation(symbol: .recording, text: "recording")
        case .paused: Presentation(symbol: .paused, text: detail.isEmpty ? "paused" : "paused \(detail)")
        case .off: Presentation(symbol: .off, text: detail.isEmpty ? "not recording" : "not recording: \(detail)")
        }
    }
}
