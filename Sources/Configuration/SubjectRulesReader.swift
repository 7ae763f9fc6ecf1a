import Events
import Policy
import TOMLKit

/// The person's own rules, as a text in TOML:
///
///     [[rule]]
///     app = "*"                 # any pattern: it only takes away
///     keys = "off"              # "off", "class"; absent: as the policy says
///     titles = "off"            # "off", "hash"
///     pointer = "off"
///     interactions = "off"
///     hours = ["18:00-08:00"]   # by the clock on the wall; absent: always
///     days = ["mon", "fri"]     # on which the hours begin; absent: every day
extension SubjectRules {
    /// More than anybody writes by hand; each costs a comparison when the focus changes.
    public static let ruleLimit = 256

    /// - Throws: everything that is wrong: a rule that is half understood would leave recorded what was not to be.
    public init(text: String, file: String) throws(ConfigurationErrors) {
        self.init()
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationErrors(errors: [
                ConfigurationError(file: file, line: error.source.begin.line, message: "\(error.description)")
            ])
        } catch {
            throw ConfigurationErrors(errors: [ConfigurationError(file: file, line: nil, message: "\(error)")])
        }
        var section = Section(file: file, locator: LineLocator(text), name: "", table: table)
        var rules: [SubjectRule] = []
        section.tables("rule") { rule in
            if let read = Self.rule(&rule) { rules.append(read) }
        }
        if rules.count > Self.ruleLimit { section.fail("rule", "rule: at most \(Self.ruleLimit) are possible") }
        section.finish()
        guard section.errors.isEmpty else { throw ConfigurationErrors(errors: section.errors) }
        self.rules = rules
    }

    private static func rule(_ rule: inout Section) -> SubjectRule? {
        let pattern = rule.string("app", isRequired: true)
        let keys = rule.word("keys", { KeyRule(name: $0) }, "\"off\", \"class\" or \"full\"") ?? .full
        let titles = rule.word("titles", { TitleRule(name: $0) }, "\"off\", \"hash\" or \"full\"") ?? .full
        let pointer = rule.word("pointer", { PointerRule(name: $0) }, "\"on\" or \"off\"") ?? .on
        let interactions = rule.word("interactions", { InteractionRule(name: $0) }, "\"on\" or \"off\"") ?? .on
        let days = days(&rule)
        let hours = rule.strings("hours").compactMap { text in
            let span = HourSpan(text, days: days)
            if span == nil { rule.fail("hours", "hours: expected \"HH:MM-HH:MM\", found \"\(text)\"") }
            return span
        }
        // Days without hours are whole days.
        let spans = hours.isEmpty && days != 0x7F ? [HourSpan("00:00-24:00", days: days)].compactMap(\.self) : hours
        guard let pattern else { return nil }
        guard let app = AppGlob(pattern) else {
            rule.fail("app", "app: expected a pattern of 1 to \(AppGlob.lengthLimit) bytes")
            return nil
        }
        let limit = EffectiveRule(
            keys: keys, titles: titles, pointer: keys == .off ? .off : pointer,
            interactions: keys == .off ? .off : interactions)
        return SubjectRule(app: app, limit: limit, hours: spans)
    }

    /// Bit 0 Monday … bit 6 Sunday.
    private static func days(_ rule: inout Section) -> UInt8 {
        let names = HourSpan.dayNames
        let given = rule.strings("days")
        var days: UInt8 = 0
        for text in given {
            guard let index = names.firstIndex(of: text) else {
                rule.fail("days", "days: expected \"mon\" to \"sun\", found \"\(text)\"")
                continue
            }
            days |= 1 << index
        }
        return given.isEmpty ? 0x7F : days
    }
}
