import Events
import Glibc
import Policy
import Testing

@testable import Configuration

@Suite struct ConfigurationTests {
    private func errors(_ text: String) -> [String] {
        var configuration = Configuration()
        return ConfigurationReader(file: "k.toml", text: text).apply(to: &configuration).map(\.description)
    }

    @Test(arguments: [
        (
            "sead = \"seat0\"",
            ["k.toml:1: unknown key sead; known here: agent, consent, control, deny, journal, rule, seat, status"]
        ),
        (
            "# comment\n[journal]\ndirectory = \"here\"",
            ["k.toml:3: directory: expected an absolute path of at most 4095 bytes, found \"here\""]
        ),
        (
            "[journal]\nsegment_megabytes = \"x\" # \"#\"\nretain_megabytes = 1",
            [
                "k.toml:2: segment_megabytes: expected a whole number from 1 to 4096",
                "k.toml:3: retain_megabytes: expected a whole number from 16 to 1000000000",
            ]
        ),
        (
            "[journal]\nretain_days = 0\nkeep_free_megabytes = -1",
            [
                "k.toml:2: retain_days: expected a whole number from 1 to 36500",
                "k.toml:3: keep_free_megabytes: expected a whole number from 0 to 1000000000",
            ]
        ),
        ("[[rule]]\nkeys = \"class\"", ["k.toml:1: app is missing"]),
        (
            "[[rule]]\napp = \"a\"\n[[rule]]\napp = \"foot\"\nkeys = \"ful\"",
            ["k.toml:5: keys: expected \"off\", \"class\" or \"full\", found \"ful\""]
        ),
        (
            "[[rule]]\napp = \"*\"\nkeys = \"full\"",
            ["k.toml:2: app \"*\" names no app: a rule that records more than the default must name the app"]
        ),
        ("journal.directory = 4", ["k.toml:1: directory: expected a string that is not empty"]),
        (
            "seat = \"\"\"\njournal = 4\n\"\"\"\nbad = 1",
            ["k.toml:4: unknown key bad; known here: agent, consent, control, deny, journal, rule, seat, status"]
        ),
        ("[deny]\napps = [\"a\", 3]", ["k.toml:2: apps: expected strings that are not empty"]),
        ("[deny]\napps = \"a\"", ["k.toml:2: apps: expected an array of strings"]),
        (
            "[[rule]]\napp = \"foot\"\npointer = \"no\"\ntitles = \"all\"",
            [
                "k.toml:4: titles: expected \"off\", \"hash\" or \"full\", found \"all\"",
                "k.toml:3: pointer: expected \"on\" or \"off\", found \"no\"",
            ]
        ),
        (
            "[[rule]]\napp = \"*\"\ntitles = \"full\"",
            ["k.toml:2: app \"*\" names no app: a rule that records more than the default must name the app"]
        ),
        (
            "[[rule]]\napp = \"*\"\ninteractions = \"on\"",
            ["k.toml:2: app \"*\" names no app: a rule that records more than the default must name the app"]
        ),
        (
            "[[rule]]\napp = \"foot\"\ninteractions = \"full\"",
            ["k.toml:3: interactions: expected \"on\" or \"off\", found \"full\""]
        ),
        ("rule = 3", ["k.toml:1: rule: expected tables ([[rule]])"]),
    ])
    func whatIsWrongIsNamedWithItsLine(text: String, expected: [String]) {
        #expect(errors(text) == expected)
    }

    /// Found by fuzzing: the parser ended the process.
    @Test(arguments: ["[#", "[", "[\n[x]", "[ #]", "[[#]]", "[[[x]]]", "[é]", "[.a]", "  [\t=]", "seat = \"a\"\n[[ ,"])
    func aTableWithoutANameIsAnError(text: String) {
        let found = errors(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("k.toml:\(text.hasPrefix("seat") ? 2 : 1): ") == true, "\(found)")
    }

    @Test func linesOfAFileFromElsewhereAreCountedToo() {
        #expect(errors("seat = \"a\"\r\nbad = 1\r\n").first?.hasPrefix("k.toml:2: unknown key bad") == true)
    }

    @Test func aSyntaxErrorIsNamedWithItsLine() {
        let found = errors("[journal]\ndirectory = \n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("k.toml:2: ") == true)
    }

    @Test func theShippedExampleIsTheDefault() throws {
        let path = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try #require(try SourceFile.read("/\(path)/docs/kymograph.toml", mayBeMissing: false))
        var configuration = Configuration()
        #expect(ConfigurationReader(file: "k.toml", text: text).apply(to: &configuration) == [])
        #expect(configuration == Configuration())
    }

    /// What the code knows, by its own word: an unknown key is told which there are.
    private func knownKeys(_ text: String) -> [String] {
        let mark = "unknown key zz; known here: "
        guard let line = errors(text + "zz = 1\n").first(where: { $0.contains(mark) }),
            let begin = line.firstRange(of: mark)?.upperBound
        else { return [] }
        return line[begin...].split(separator: ", ").map(String.init)
    }

    /// docs/kymograph.toml is the manual page, too.
    @Test func theReferenceHasEveryKeyOfEveryTableAndNoOther() throws {
        let path = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try #require(try SourceFile.read("/\(path)/docs/kymograph.toml", mayBeMissing: false))
        var written: [String: Set<String>] = [:]
        var table = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == "#" || $0 == " " }
            if line.hasPrefix("[") { table = String(line.filter { !"[] ".contains($0) }.prefix { $0 != "#" }) }
            let name = line.prefix { $0.isLowercase && $0.isASCII || $0 == "_" }
            let rest = line.dropFirst(name.count)
            // A rule's keys are explained before its example.
            if !name.isEmpty, rest.hasPrefix(" = ") {
                written[table, default: []].insert(String(name))
            } else if ["keys", "titles", "pointer"].contains(name), rest.hasPrefix(": ") {
                written["rule", default: []].insert(String(name))
            }
        }
        let top = knownKeys("")
        #expect(top.contains("journal") && top.contains("rule"))
        for name in top {
            let keys = knownKeys(name == "rule" ? "[[rule]]\napp = \"x\"\n" : "[\(name)]\n")
            guard !keys.isEmpty else {
                #expect(written[""]?.contains(name) == true, "\(name)")
                continue
            }
            #expect(written[name] == Set(keys), "[\(name)]")
        }
        #expect(Set(written.keys).subtracting([""]) == Set(top).intersection(written.keys))
    }

    @Test func dropInsReplaceValuesAndAddRules() throws {
        let directory = try TemporaryDirectory()
        directory.write("k.toml", "seat = \"seat1\"\n[[rule]]\napp = \"foot\"\nkeys = \"full\"\n")
        directory.write("k.toml.d/20-b.toml", "[[rule]]\napp = \"foot*\"\nkeys = \"off\"\n")
        directory.write("k.toml.d/10-a.toml", "seat = \"seat2\"\n")
        directory.write("k.toml.d/ignored.txt", "nonsense")
        let configuration = try Configuration.load(path: directory.path + "/k.toml")
        #expect(configuration.seat == "seat2")
        #expect(configuration.rules.rules.count == 2)
        #expect(configuration.rules.rule(for: "foot").keys == .off)
    }

    @Test func whatARuleSaysAndLeavesOut() {
        var configuration = Configuration()
        let text = """
            [[rule]]
            app = "foot"
            keys = "full"
            [[rule]]
            app = "paint"
            pointer = "off"
            titles = "off"
            [[rule]]
            app = "form"
            interactions = "on"
            [[rule]]
            app = "shut"
            keys = "off"
            interactions = "on"
            [deny]
            apps = ["My.Vault"]
            """
        #expect(ConfigurationReader(file: "k.toml", text: text).apply(to: &configuration) == [])
        let rules = configuration.rules
        #expect(rules.rule(for: "foot") == EffectiveRule(keys: .full, titles: .hash, pointer: .on))
        #expect(rules.rule(for: "paint") == EffectiveRule(keys: .class, titles: .off, pointer: .off))
        #expect(rules.rule(for: "form") == EffectiveRule(keys: .class, titles: .hash, interactions: .on))
        #expect(rules.rule(for: "shut") == .nothing)
        #expect(rules.rule(for: "my.vault") == .nothing)
        #expect(rules.rule(for: "org.keepassxc.KeePassXC") == .nothing)
        #expect(rules.rule(for: "other") == .standard)
    }

    @Test(arguments: [
        ("[[rule]]\nkeys = \"off\"", ["s.toml:1: app is missing"]),
        ("[[rule]]\napp = \"*\"\nhours = [\"8-9\"]", ["s.toml:3: hours: expected \"HH:MM-HH:MM\", found \"8-9\""]),
        ("[[rule]]\napp = \"*\"\ndays = [\"tod\"]", ["s.toml:3: days: expected \"mon\" to \"sun\", found \"tod\""]),
        ("seat = \"a\"", ["s.toml:1: unknown key seat; known here: rule"]),
        (
            "[[rule]]\napp = \"*\"\nkey = \"off\"",
            ["s.toml:3: unknown key key; known here: app, days, hours, interactions, keys, pointer, titles"]
        ),
    ])
    func whatIsWrongInTheSubjectsOwnRules(text: String, expected: [String]) {
        let error = #expect(throws: ConfigurationErrors.self) { try SubjectRules(text: text, file: "s.toml") }
        #expect(error?.errors.map(\.description) == expected)
    }

    @Test func theSubjectsOwnRulesTakeAwayAndGiveNothing() throws {
        let text = """
            [[rule]]
            app = "foot"
            titles = "off"
            [[rule]]
            app = "*"
            keys = "off"
            hours = ["18:00-08:00"]
            days = ["mon", "tue"]
            [[rule]]
            app = "browser"
            keys = "full"
            titles = "full"
            """
        let subject = try SubjectRules(text: text, file: "s.toml")
        var rules = RuleSet([AppRule(app: AppGlob("foot")!, keys: .full, titles: .full)])
        let noon = WeekMinute(weekday: 0, hour: 12, minute: 0)
        rules.caps = subject.caps(at: noon)
        #expect(rules.rule(for: "foot") == EffectiveRule(keys: .full, titles: .off))
        #expect(rules.rule(for: "browser") == .standard)
        #expect(subject.minutesUntilChange(after: noon) == 360)
        rules.caps = subject.caps(at: WeekMinute(weekday: 2, hour: 7, minute: 59))
        #expect(rules.rule(for: "foot") == .nothing)
        #expect(rules.rule(for: "") == .nothing)
        rules.caps = subject.caps(at: WeekMinute(weekday: 2, hour: 19, minute: 0))
        #expect(rules.rule(for: "foot").keys == .full)
    }

    /// As they are kept: what was understood is written so that it is understood in the same way.
    @Test(arguments: [
        "", "[[rule]]\napp = \"*\"\nkeys = \"off\"\n",
        "[[rule]]\napp = \"a\\\\\\\"\\u0001é\"\ntitles = \"hash\"\npointer = \"off\"\n",
        "[[rule]]\napp = \"x\"\nkeys = \"class\"\nhours = [\"18:00-08:00\", \"12:00-13:00\"]\ndays = [\"mon\", \"sun\"]\n",
        "[[rule]]\napp = \"x\"\ninteractions = \"off\"\n",
        "[[rule]]\napp = \"x\"\nkeys = \"off\"\ndays = [\"sat\"]\n\n[[rule]]\napp = \"y\"\ntitles = \"off\"\n",
    ])
    func theSubjectsOwnRulesReadBack(text: String) throws {
        let rules = try SubjectRules(text: text, file: "s.toml")
        #expect(try SubjectRules(text: rules.text, file: "s.toml") == rules)
        // There is one way to write them.
        #expect(try SubjectRules(text: rules.text, file: "s.toml").text == rules.text)
    }

    @Test func whenARuleHoldsIsToldInWords() throws {
        let text = "[[rule]]\napp = \"x\"\nkeys = \"off\"\nhours = [\"18:00-08:00\"]\ndays = [\"mon\", \"sun\"]\n"
        #expect(try SubjectRules(text: text, file: "s").rules.map(\.when) == ["18:00-08:00 on mon, sun"])
        let always = "[[rule]]\napp = \"x\"\nkeys = \"off\"\n"
        #expect(try SubjectRules(text: always, file: "s").rules.map(\.when) == [""])
    }

    @Test func aFileThatOthersMayChangeIsRefused() throws {
        let directory = try TemporaryDirectory()
        directory.write("k.toml", "seat = \"seat1\"\n")
        chmod(directory.path + "/k.toml", 0o666)
        #expect(throws: ConfigurationErrors.self) { try Configuration.load(path: directory.path + "/k.toml") }
    }

    @Test func aNamedFileMustExist() {
        #expect(throws: ConfigurationErrors.self) { try Configuration.load(path: "/nonexistent/k.toml") }
    }
}

/// Gone when the test is.
private final class TemporaryDirectory {
    let path: String

    init() throws {
        path = "/tmp/kymograph-configuration-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try #require(mkdir(path, 0o755) == 0 && mkdir(path + "/k.toml.d", 0o755) == 0)
    }

    func write(_ name: String, _ text: String) {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var text = text
        _ = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    deinit {
        for directory in [path + "/k.toml.d", path] {
            for name in SourceFile.names(in: directory) { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
    }
}
