/// What a person asks of the recorder about themselves: who that is, the kernel says. One packet each way.
public enum ControlRequest: Sendable, Equatable {
    case show
    /// Consents to exactly these: the SHA-256 of what was shown.
    case grant(notice: String, policy: String)
    case withdraw
    /// The receipt on file, to keep.
    case receipt
    /// 0: until resumed.
    case pause(seconds: UInt64)
    case resume

    public static let sizeLimit = 4096

    public var text: String {
        switch self {
        case .show: "show"
        case .grant(let notice, let policy): "grant \(notice) \(policy)"
        case .withdraw: "withdraw"
        case .receipt: "receipt"
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
        case ("pause", 2):
            guard let seconds = UInt64(words[1]) else { return nil }
            self = .pause(seconds: seconds)
        case ("resume", 1): self = .resume
        default: return nil
        }
    }
}

/// The answer.
public enum ControlReply: Sendable, Equatable {
    case done(String)
    case refused(String)

    public static let sizeLimit = SignedText.sizeLimit

    public var text: String {
        switch self {
        case .done(let body): "ok\n\(body)"
        case .refused(let why): "no\n\(why)"
        }
    }

    public init?(text: String) {
        if text.hasPrefix("ok\n") {
            self = .done(String(text.dropFirst(3)))
        } else if text.hasPrefix("no\n") {
            self = .refused(String(text.dropFirst(3)))
        } else {
            return nil
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
