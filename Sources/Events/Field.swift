/// What accessibility says of the field that has the keyboard. Raw values are part of the agent's protocol.
public enum FieldAccess: UInt8, Sendable, Hashable, CaseIterable {
    /// Nobody has said yet.
    case unknown = 0
    /// The app has nothing to do with accessibility, or says nothing of its fields: there is no answer to be had.
    case notRegistered = 1
    /// It is registered, and does not answer, or does not say which of its fields has the keyboard.
    case failing = 2
    /// A positive answer: something other than a password's field has the keyboard.
    case other = 3
    /// A password's field has the keyboard.
    case password = 4
    /// Something other than a password's field, by the word of an app whose word may be about what was before the last
    /// keys (a browser, whose fields are another process's).
    case late = 5
}

/// What the compositor knows of the text that a field takes (zwp_text_input_v3's content type), where something on its
/// side reports it. Raw values are part of the agent's protocol.
public enum ContentPurpose: UInt8, Sendable, Hashable, CaseIterable {
    case untold = 0
    case other = 1
    /// Purpose password or pin, or hint hidden_text or sensitive_data.
    case password = 2
}

/// What kind of field has the keyboard.
public struct FieldDescription: Sendable, Hashable {
    public var access: FieldAccess
    public var purpose: ContentPurpose
    /// A browser's private window.
    public var isPrivate: Bool
    /// A terminal emulator: what its programs do with echo decides (`EchoSample`).
    public var isTerminal: Bool
    public init(
        access: FieldAccess, purpose: ContentPurpose = .untold, isPrivate: Bool = false, isTerminal: Bool = false
    ) {
        self.access = access
        self.purpose = purpose
        self.isPrivate = isPrivate
        self.isTerminal = isTerminal
    }

    /// Before anybody has said anything.
    public static let unknown = FieldDescription(access: .unknown)
}

/// What the subject's terminals looked like together. Raw values are part of the agent's protocol.
public enum EchoState: UInt8, Sendable, Hashable, CaseIterable {
    /// None of them asks for a secret.
    case clean = 0
    /// One reads lines without echo (ICANON without ECHO), or runs a program that asks for secrets in a way of its own.
    case secret = 1
    /// One could not be looked at.
    case unreadable = 2
    /// None of them asks for a secret, but one runs a program that hands keys on to where nobody here can look (ssh, or
    /// sudo with a terminal of its own): at most counts.
    case relayed = 3
}

/// One look at all of them.
public struct EchoSample: Sendable, Hashable {
    /// CLOCK_MONOTONIC, µs: when the look began.
    public var timeMicroseconds: UInt64
    public var state: EchoState
    public init(timeMicroseconds: UInt64, state: EchoState) {
        self.timeMicroseconds = timeMicroseconds
        self.state = state
    }
}
