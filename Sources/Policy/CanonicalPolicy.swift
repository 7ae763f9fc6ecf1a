import Events

extension RuleSet {
    /// What a consent is to: the policy as text, one rule a line, sorted, each once. Two policies that keep the same for
    /// the same reasons have the same text, whatever files they came from. What the subject takes away is no part of it.
    public var canonicalText: String {
        let lines =
            rules.map { "rule \($0.effect.text) app=\($0.app.pattern.escaped)" }
            + denied.patterns.map { "deny app=\($0.escaped)" }
        return ([Self.firstLine, "default \(EffectiveRule.standard.text)"] + Set(lines).sorted()).map { $0 + "\n" }
            .joined()
    }

    private static let firstLine = "kymograph policy 1"

    /// - Throws: `CanonicalPolicyError` where the text is not one that `canonicalText` makes.
    public init(canonicalText text: String) throws(CanonicalPolicyError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == "\(Self.firstLine)", lines.popLast() == "", let standard = lines.popFirst() else {
            throw .notOne
        }
        // The default is the program's: that of another version cannot be compared with ours, app by app.
        guard standard == "default \(EffectiveRule.standard.text)" else { throw .otherDefault(String(standard)) }
        var rules: [AppRule] = []
        var denied: [AppGlob] = []
        for line in lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let name = words.last, name.hasPrefix("app="), let pattern = String(name.dropFirst(4)).unescaped,
                let app = AppGlob(pattern)
            else { throw .badLine(String(line)) }
            switch words.first {
            case "deny" where words.count == 2: denied.append(app)
            case "rule" where words.count == 5 || words.count == 6:
                guard let effect = EffectiveRule(words: words.dropFirst().dropLast()) else {
                    throw .badLine(String(line))
                }
                rules.append(AppRule(app: app, effect: effect))
            default: throw .badLine(String(line))
            }
        }
        self.init(rules, denied: DenyList(exactly: denied))
    }
}

/// Why a text is no policy in canonical form.
public enum CanonicalPolicyError: Error, Sendable, Equatable, CustomStringConvertible {
    case notOne
    case otherDefault(String)
    case badLine(String)

    public var description: String {
        switch self {
        case .notOne: "this is no policy in canonical form"
        case .otherDefault(let line): "the policy has another default: \(line)"
        case .badLine(let line): "the policy has a line that is none: \(line.visible)"
        }
    }
}

extension EffectiveRule {
    /// Three words, always these, and a fourth where interactions are kept: what is not said is not kept, and a policy that
    /// somebody consented to before there was such a word is still the same.
    public var text: String {
        "keys=\(keys) titles=\(titles) pointer=\(pointer)" + (interactions == .on ? " interactions=on" : "")
    }

    fileprivate init?(words: ArraySlice<Substring>) {
        let parts = words.map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        guard parts.allSatisfy({ $0.count == 2 }), parts.prefix(3).map({ $0[0] }) == ["keys", "titles", "pointer"],
            let keys = KeyRule(name: String(parts[0][1])), let titles = TitleRule(name: String(parts[1][1])),
            let pointer = PointerRule(name: String(parts[2][1]))
        else { return nil }
        let keepsInteractions = parts.count > 3
        guard !keepsInteractions || parts[3] == ["interactions", "on"] else { return nil }
        self.init(keys: keys, titles: titles, pointer: pointer, interactions: keepsInteractions ? .on : .off)
    }

    /// Whether anything of it is more than the other keeps.
    func exceeds(_ other: EffectiveRule) -> Bool {
        keys > other.keys || titles > other.titles || pointer > other.pointer || interactions > other.interactions
    }
}

extension String {
    /// One word of printable ASCII, whatever it is: every other byte as `%XX`.
    fileprivate var escaped: String {
        var result = ""
        for byte in utf8 {
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    fileprivate var unescaped: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let text = String(rest.prefix(2)), let value = UInt8(text, radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
