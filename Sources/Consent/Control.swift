import Events

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
    case forget(ForgetScope)
    /// The person's own rules, as they are kept.
    case rules
    /// These are the person's own rules from now on: TOML, as `kymo rules --help` has it.
    case setRules(String)
    /// What was withheld, who has read, how much there is.
    case account
    case mine(OwnReading)

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
        case .forget(let scope): "forget \(scope.text)"
        case .rules: "rules"
        case .setRules(let rules): "rules\n\(rules)"
        case .account: "account"
        case .mine(let reading): "mine \(reading.text)"
        }
    }

    /// Nil if it is none. No request names a person: there is nothing to name them with.
    public init?(text: String) {
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts[0].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let body = parts.count > 1 ? String(parts[1]) : nil
        switch (words.first, words.count, body) {
        case ("show", 1, nil): self = .show
        case ("grant", 3, nil): self = .grant(notice: words[1], policy: words[2])
        case ("withdraw", 1, nil): self = .withdraw
        case ("receipt", 1, nil): self = .receipt
        case ("accesses", 1, nil): self = .accesses
        case ("pause", 2, nil):
            guard let seconds = UInt64(words[1]), "\(seconds)" == words[1] else { return nil }
            self = .pause(seconds: seconds)
        case ("resume", 1, nil): self = .resume
        case ("forget", _, _):
            guard let scope = ForgetScope(words: words.dropFirst(), body: body) else { return nil }
            self = .forget(scope)
        case ("rules", 1, nil): self = .rules
        case ("rules", 1, let rules?): self = .setRules(rules)
        case ("account", 1, nil): self = .account
        case ("mine", 2, let body?):
            guard let reading = OwnReading(form: words[1], body: body) else { return nil }
            self = .mine(reading)
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
        // Found by fuzzing: what stood behind it was passed over.
        guard self.text == text else { throw .malformed("it has more in it than it should") }
    }
}
