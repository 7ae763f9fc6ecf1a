/// What a person asks of the recorder about themselves: who that is, the kernel says. docs/CONTROL-PROTOCOL.md.
public enum ControlRequest: Sendable, Equatable {
    case show
    /// Consents to exactly these: the SHA-256 of what was shown.
    case grant(notice: String, policy: String)
    case withdraw
    /// The receipt on file, to keep.
    case receipt
    /// Who has read what was recorded of the one who asks.
    case accesses
    /// 0: until resumed.
    case pause(seconds: UInt64)
    case resume

    /// Bytes of a request, which is one packet: words, and behind the first newline what some have more to say.
    public static let sizeLimit = 65_536

    public var text: String {
        switch self {
        case .show: "show"
        case .grant(let notice, let policy): "grant \(notice) \(policy)"
        case .withdraw: "withdraw"
        case .receipt: "receipt"
        case .accesses: "accesses"
        case .pause(let seconds): "pause \(seconds)"
        case .resume: "resume"
        }
    }

    /// Nil if it is none. No request names a person: there is nothing to name them with.
    public init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words.first, words.count) {
        case ("show", 1): self = .show
        case ("grant", 3): self = .grant(notice: words[1], policy: words[2])
        case ("withdraw", 1): self = .withdraw
        case ("receipt", 1): self = .receipt
        case ("accesses", 1): self = .accesses
        case ("pause", 2):
            guard let seconds = UInt64(words[1]), "\(seconds)" == words[1] else { return nil }
            self = .pause(seconds: seconds)
        case ("resume", 1): self = .resume
        default: return nil
        }
    }
}

/// One packet of an answer: any number of parts and of news, and behind them an end.
public enum ControlReply: Sendable, Equatable {
    /// Bytes of the answer, to be put one behind the other.
    case part([UInt8])
    /// How far a long one is; for people.
    case progress(String)
    case done
    case refused(String)

    /// Bytes of a part: a packet must fit into any socket's buffer.
    public static let partLimit = 32_768
    /// Bytes of a packet.
    public static let sizeLimit = partLimit + 1
    /// Bytes that all parts together may have where they are one text.
    public static let textLimit = 1 << 20

    public var bytes: [UInt8] {
        switch self {
        case .part(let bytes): [UInt8(ascii: "=")] + bytes
        case .progress(let text): [UInt8(ascii: "~")] + text.utf8.prefix(Self.partLimit)
        case .done: [UInt8(ascii: ".")]
        case .refused(let why): [UInt8(ascii: "!")] + why.utf8.prefix(Self.partLimit)
        }
    }

    /// Nil if it is none.
    public init?(bytes: some Collection<UInt8>) {
        let rest = bytes.dropFirst()
        switch bytes.first {
        case UInt8(ascii: "="): self = .part(Array(rest))
        case UInt8(ascii: "~"): self = .progress(String(decoding: rest, as: UTF8.self))
        case UInt8(ascii: ".") where rest.isEmpty: self = .done
        case UInt8(ascii: "!"): self = .refused(String(decoding: rest, as: UTF8.self))
        default: return nil
        }
    }
}

/// What `show` is answered: everything that a consent is to, and how things stand.
public struct ConsentView: Sendable, Equatable {
    public var subject: String
    /// The id of the receipt that holds; empty: none does, and `reason` says why.
    public var receipt: String
    public var reason: String
    public var notice: String
    public var policy: String
    public init(subject: String, receipt: String, reason: String, notice: String, policy: String) {
        self.subject = subject
        self.receipt = receipt
        self.reason = reason
        self.notice = notice
        self.policy = policy
    }

    public var text: String {
        SignedText.line("subject", subject) + SignedText.line("receipt", receipt) + SignedText.block("reason", reason)
            + SignedText.block("notice", notice) + SignedText.block("policy", policy)
    }

    public init(text: String) throws(ReceiptError) {
        var reader = SignedTextReader(text)
        subject = try reader.line("subject")
        receipt = try reader.line("receipt")
        reason = try reader.block("reason")
        notice = try reader.block("notice")
        policy = try reader.block("policy")
    }
}
