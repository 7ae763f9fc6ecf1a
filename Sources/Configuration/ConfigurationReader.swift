import Events
import Policy
import TOMLKit

/// One file's keys into a configuration. Everything that is wrong is collected.
struct ConfigurationReader {
    let file: String
    let text: String

    func apply(to configuration: inout Configuration) -> [ConfigurationError] {
        if let error = namelessTable { return [error] }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            return [ConfigurationError(file: file, line: error.source.begin.line, message: "\(error.description)")]
        } catch {
            return [ConfigurationError(file: file, line: nil, message: "\(error)")]
        }
        var section = Section(file: file, locator: LineLocator(text), name: "", table: table)
        configuration.seat = section.string("seat") ?? configuration.seat
        section.table("journal") { journal in
            configuration.journalDirectory = journal.path("directory") ?? configuration.journalDirectory
            configuration.segmentBytes = journal.megabytes("segment_megabytes", 1...4096) ?? configuration.segmentBytes
            configuration.retainBytes =
                journal.megabytes("retain_megabytes", 16...1_000_000_000) ?? configuration.retainBytes
            configuration.retainDays = journal.number("retain_days", 1...36_500) ?? configuration.retainDays
            configuration.keepFreeBytes =
                journal.megabytes("keep_free_megabytes", 0...1_000_000_000) ?? configuration.keepFreeBytes
        }
        section.table("agent") { agent in
            configuration.agentSocket = agent.path("socket", limit: 107) ?? configuration.agentSocket
        }
        section.table("status") { status in
            configuration.statusSocket = status.path("socket", limit: 107) ?? configuration.statusSocket
        }
        section.table("control") { control in
            configuration.controlSocket = control.path("socket", limit: 107) ?? configuration.controlSocket
        }
        section.table("consent") { consent in
            configuration.consentDirectory = consent.path("directory") ?? configuration.consentDirectory
            configuration.noticePath = consent.path("notice") ?? configuration.noticePath
            configuration.accessLogPath = consent.path("access_log") ?? configuration.accessLogPath
        }
        section.tables("rule") { rule in
            if let added = appRule(&rule) { configuration.rules.rules.append(added) }
        }
        section.table("deny") { deny in
            configuration.rules.denied.add(deny.globs("apps"))
        }
        section.finish()
        return section.errors
    }

    /// The first line whose `[` no table's name follows. The parser ends the process at such a line (an assertion in
    /// toml++ 3.3). A line of that kind inside a string or an array is refused as well: none of our values is like that.
    private var namelessTable: ConfigurationError? {
        for (index, line) in text.lines.enumerated() {
            let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" }
            var rest = line.drop(while: isSpace)
            guard rest.first == "[" else { continue }
            rest = rest.dropFirst().drop(while: isSpace)
            if rest.first == "[" { rest = rest.dropFirst().drop(while: isSpace) }
            // An empty name is the parser's to refuse.
            guard let first = rest.first,
                first.isASCII && (first.isLetter || first.isNumber) || "_-\"']".contains(first)
            else {
                return ConfigurationError(file: file, line: index + 1, message: "expected a table's name after [")
            }
        }
        return nil
    }

    private func appRule(_ rule: inout Section) -> AppRule? {
        let pattern = rule.string("app", isRequired: true)
        let keys = rule.word("keys", KeyRule.init(name:), "\"off\", \"class\" or \"full\"") ?? .class
        let titles = rule.word("titles", TitleRule.init(name:), "\"off\", \"hash\" or \"full\"") ?? .hash
        let pointer = rule.word("pointer", PointerRule.init(name:), "\"on\" or \"off\"") ?? .on
        let interactions = rule.word("interactions", InteractionRule.init(name:), "\"on\" or \"off\"") ?? .off
        guard let pattern else { return nil }
        guard let app = AppGlob(pattern) else {
            rule.fail("app", "app: expected a pattern of 1 to \(AppGlob.lengthLimit) bytes")
            return nil
        }
        guard keys != .full && titles != .full && interactions != .on || app.namesAnApp else {
            rule.fail(
                "app",
                "app \"\(pattern)\" names no app: a rule that records more than the default must name the app")
            return nil
        }
        return AppRule(
            app: app, keys: keys, titles: titles, pointer: keys == .off ? .off : pointer,
            interactions: keys == .off ? .off : interactions)
    }
}

/// A table being read: remembers which keys were asked for, so that all others are errors.
struct Section {
    let file: String
    let locator: LineLocator
    /// As the locator names it.
    let name: String
    let table: TOMLTable
    private(set) var errors: [ConfigurationError] = []
    private var known: [String] = []

    init(file: String, locator: LineLocator, name: String, table: TOMLTable) {
        self.file = file
        self.locator = locator
        self.name = name
        self.table = table
    }

    mutating func fail(_ key: String, _ message: String) {
        errors.append(ConfigurationError(file: file, line: locator.line(table: name, key: key), message: message))
    }

    mutating func string(_ key: String, isRequired: Bool = false) -> String? {
        known.append(key)
        guard let value = table[key] else {
            if isRequired { fail("", "\(key) is missing") }
            return nil
        }
        guard let text = value.string, !text.isEmpty else {
            fail(key, "\(key): expected a string that is not empty")
            return nil
        }
        return text
    }

    mutating func path(_ key: String, limit: Int = 4095) -> String? {
        guard let path = string(key) else { return nil }
        guard path.hasPrefix("/"), path.utf8.count <= limit else {
            fail(key, "\(key): expected an absolute path of at most \(limit) bytes, found \"\(path)\"")
            return nil
        }
        return path
    }

    /// In bytes.
    mutating func megabytes(_ key: String, _ range: ClosedRange<Int>) -> UInt64? { number(key, range).map { $0 << 20 } }

    mutating func number(_ key: String, _ range: ClosedRange<Int>) -> UInt64? {
        known.append(key)
        guard let value = table[key] else { return nil }
        guard let number = value.int, range.contains(number) else {
            fail(key, "\(key): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return UInt64(number)
    }

    mutating func word<T>(_ key: String, _ make: (String) -> T?, _ expected: String) -> T? {
        guard let text = string(key) else { return nil }
        guard let value = make(text) else {
            fail(key, "\(key): expected \(expected), found \"\(text)\"")
            return nil
        }
        return value
    }

    /// An array of patterns over app ids.
    mutating func globs(_ key: String) -> [AppGlob] {
        strings(key).compactMap { pattern in
            let glob = AppGlob(pattern)
            if glob == nil { fail(key, "\(key): expected patterns of 1 to \(AppGlob.lengthLimit) bytes") }
            return glob
        }
    }

    mutating func strings(_ key: String) -> [String] {
        known.append(key)
        guard let value = table[key] else { return [] }
        guard let array = value.array else {
            fail(key, "\(key): expected an array of strings")
            return []
        }
        var result: [String] = []
        for index in 0..<array.count {
            guard let text = array[index].string, !text.isEmpty else {
                fail(key, "\(key): expected strings that are not empty")
                continue
            }
            result.append(text)
        }
        return result
    }

    mutating func table(_ key: String, _ body: (inout Section) -> Void) {
        known.append(key)
        guard let value = table[key] else { return }
        guard let inner = value.table else { return fail(key, "\(key): expected a table ([\(key)])") }
        read(inner, name: key, body)
    }

    mutating func tables(_ key: String, _ body: (inout Section) -> Void) {
        known.append(key)
        guard let value = table[key] else { return }
        guard let array = value.array else { return fail(key, "\(key): expected tables ([[\(key)]])") }
        for index in 0..<array.count {
            guard let inner = array[index].table else {
                fail(key, "\(key): expected tables ([[\(key)]])")
                continue
            }
            read(inner, name: "\(key)#\(index)", body)
        }
    }

    private mutating func read(_ inner: TOMLTable, name: String, _ body: (inout Section) -> Void) {
        var section = Section(file: file, locator: locator, name: name, table: inner)
        body(&section)
        section.finish()
        errors += section.errors
    }

    mutating func finish() {
        for key in table.keys where !known.contains(key) {
            fail(key, "unknown key \(key); known here: \(known.sorted().joined(separator: ", "))")
        }
    }
}
