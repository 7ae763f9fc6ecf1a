import Events
import Policy

/// What a person wants to have forgotten of themselves.
public enum ForgetScope: Sendable, Equatable {
    case everything
    /// What happened in that span of CLOCK_REALTIME, µs since 1970; with an app: where it had the keyboard.
    case span(ClosedRange<UInt64>, app: AppGlob?)

    var text: String {
        switch self {
        case .everything: "all"
        case .span(let span, let app):
            "\(span.lowerBound) \(span.upperBound)" + (app.map { "\n\($0.pattern)" } ?? "")
        }
    }

    init?(words: ArraySlice<String>, body: String?) {
        if Array(words) == ["all"], body == nil {
            self = .everything
            return
        }
        let numbers = words.compactMap { word in UInt64(word).flatMap { "\($0)" == word ? $0 : nil } }
        guard words.count == 2, numbers.count == 2, numbers[0] <= numbers[1] else { return nil }
        let app = body.flatMap { AppGlob($0) }
        guard body == nil || app != nil else { return nil }
        self = .span(numbers[0]...numbers[1], app: app)
    }
}

/// What was forgotten: how much, never what.
public struct ForgetAnswer: Sendable, Equatable {
    public var records: UInt64
    public var chunks: UInt64
    public var segments: UInt64
    /// Files that are gone as a whole.
    public var files: UInt64
    /// Files that nobody can read and that may be somebody else's: they were left.
    public var leftFiles: UInt64
    /// CLOCK_REALTIME, µs since 1970; nil: nothing went.
    public var span: ClosedRange<UInt64>?
    /// The key of the hashes of titles was destroyed.
    public var isKeyDestroyed: Bool

    public init(
        records: UInt64, chunks: UInt64, segments: UInt64, files: UInt64, leftFiles: UInt64,
        span: ClosedRange<UInt64>?, isKeyDestroyed: Bool
    ) {
        self.records = records
        self.chunks = chunks
        self.segments = segments
        self.files = files
        self.leftFiles = leftFiles
        self.span = span
        self.isKeyDestroyed = isKeyDestroyed
    }

    public var text: String {
        SignedText.line("records", "\(records)") + SignedText.line("chunks", "\(chunks)")
            + SignedText.line("segments", "\(segments)") + SignedText.line("files", "\(files)")
            + SignedText.line("left", "\(leftFiles)") + SignedText.line("from", "\(span?.lowerBound ?? 0)")
            + SignedText.line("to", "\(span?.upperBound ?? 0)") + SignedText.line("keys", isKeyDestroyed ? "1" : "0")
    }

    public init(text: String) throws(ReceiptError) {
        var reader = SignedTextReader(text)
        records = try reader.number("records")
        chunks = try reader.number("chunks")
        segments = try reader.number("segments")
        files = try reader.number("files")
        leftFiles = try reader.number("left")
        let first: UInt64 = try reader.number("from")
        let last: UInt64 = try reader.number("to")
        span = last > 0 && first <= last ? first...last : nil
        isKeyDestroyed = try reader.number("keys", as: UInt8.self) == 1
    }
}

/// What a person wants to read of what was recorded of themselves.
public struct OwnReading: Sendable, Equatable {
    public enum Form: String, Sendable, CaseIterable {
        /// Lines for people, with the machine's local time.
        case text
        /// An object a line (docs/JSON.md).
        case json
        /// docs/CSV.md.
        case csv
    }
    public var form: Form
    /// CLOCK_REALTIME, µs since 1970: from the first on, up to and without the second.
    public var sinceMicroseconds: Int64?
    public var untilMicroseconds: Int64?
    public var apps: [AppGlob] = []
    /// Names of kinds (docs/JSON.md); empty: all.
    public var kinds: [String] = []

    public init(form: Form) { self.form = form }

    var text: String {
        var lines = ""
        if let sinceMicroseconds { lines += "since \(sinceMicroseconds)\n" }
        if let untilMicroseconds { lines += "until \(untilMicroseconds)\n" }
        for app in apps { lines += "app \(app.pattern)\n" }
        for kind in kinds { lines += "kind \(kind)\n" }
        return "\(form.rawValue)\n\(lines)"
    }

    /// Nil where anything in it is not understood: half a question would be answered with too much.
    init?(form: String, body: String) {
        guard let form = Form(rawValue: form), body.isEmpty || body.hasSuffix("\n") else { return nil }
        self.init(form: form)
        for line in body.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "since":
                guard let moment = Int64(parts[1]), sinceMicroseconds == nil else { return nil }
                sinceMicroseconds = moment
            case "until":
                guard let moment = Int64(parts[1]), untilMicroseconds == nil else { return nil }
                untilMicroseconds = moment
            case "app":
                guard let app = AppGlob(parts[1]) else { return nil }
                apps.append(app)
            case "kind": kinds.append(parts[1])
            default: return nil
            }
        }
    }
}

/// What the recorder knows of how a person was treated, without content.
public struct AccountView: Sendable, Equatable {
    /// Spans of one reason in which something was withheld.
    public struct Withheld: Sendable, Equatable {
        /// As docs/JSON.md has it.
        public var reason: String
        public var spans: UInt64
        public var microseconds: UInt64
        public init(reason: String, spans: UInt64, microseconds: UInt64) {
            self.reason = reason
            self.spans = spans
            self.microseconds = microseconds
        }
    }
    /// Since when `withheld` counts: the beginning of the day, µs since 1970.
    public var sinceMicroseconds: UInt64
    public var withheld: [Withheld]
    /// Of this person's records on the disk.
    public var bytes: UInt64
    public var segments: UInt64
    /// The person's own rules, as they are kept.
    public var rules: [OwnRuleView]

    public init(
        sinceMicroseconds: UInt64, withheld: [Withheld], bytes: UInt64, segments: UInt64, rules: [OwnRuleView]
    ) {
        self.sinceMicroseconds = sinceMicroseconds
        self.withheld = withheld
        self.bytes = bytes
        self.segments = segments
        self.rules = rules
    }

    public var text: String {
        SignedText.line("since", "\(sinceMicroseconds)") + SignedText.line("bytes", "\(bytes)")
            + SignedText.line("segments", "\(segments)")
            + SignedText.block(
                "withheld", withheld.map { "\($0.reason) \($0.spans) \($0.microseconds)" }.joined(separator: "\n"))
            + SignedText.block("rules", rules.map(\.line).joined(separator: "\n"))
    }

    public init(text: String) throws(ReceiptError) {
        var reader = SignedTextReader(text)
        sinceMicroseconds = try reader.number("since")
        bytes = try reader.number("bytes")
        segments = try reader.number("segments")
        withheld = []
        for line in try reader.block("withheld").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let spans = UInt64(words[1]), let microseconds = UInt64(words[2]) else {
                throw .malformed("withheld has a line that is none")
            }
            withheld.append(Withheld(reason: String(words[0]), spans: spans, microseconds: microseconds))
        }
        rules = try reader.block("rules").split(separator: "\n").map { line throws(ReceiptError) in
            guard let rule = OwnRuleView(line: line) else { throw .malformed("rules has a line that is none") }
            return rule
        }
    }
}

/// One of a person's own rules, to be told in words.
public struct OwnRuleView: Sendable, Equatable {
    public var isInForce: Bool
    /// What is left while it is.
    public var limit: EffectiveRule
    /// `18:00-08:00 on mon, tue`; empty: always.
    public var when: String
    public var app: String

    public init(isInForce: Bool, limit: EffectiveRule, when: String, app: String) {
        self.isInForce = isInForce
        self.limit = limit
        self.when = when
        self.app = app
    }

    /// The app comes last: it may be any text without a line's end.
    fileprivate var line: String {
        [
            isInForce ? "now" : "later", "\(limit.keys)", "\(limit.titles)", "\(limit.pointer)",
            "\(limit.interactions)", when, app.visible,
        ].joined(separator: "\t")
    }

    fileprivate init?(line: Substring) {
        let parts = line.split(separator: "\t", maxSplits: 6, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 7, let keys = KeyRule(name: parts[1]), let titles = TitleRule(name: parts[2]),
            let pointer = PointerRule(name: parts[3]), let interactions = InteractionRule(name: parts[4])
        else { return nil }
        self.init(
            isInForce: parts[0] == "now",
            limit: EffectiveRule(keys: keys, titles: titles, pointer: pointer, interactions: interactions),
            when: parts[5], app: parts[6])
    }
}
