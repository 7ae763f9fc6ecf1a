import ArgumentParser
import Consent
import Events
import Export
import Glibc

struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Your own rules: have less recorded of you than the policy says, per app or by hours.",
        discussion: """
            Of all that match an app, the policy's rules and yours, the strictest holds: rules of yours only take away. They \
            hold at once, and after a restart. Written out, each is

              [[rule]]
              app = "org.gnome.*"      # * and ? stand for any characters; "*" is every app
              keys = "off"             # off: nothing at all; class: counts; absent: as the policy says
              titles = "off"           # off, hash
              pointer = "off"
              interactions = "off"     # which buttons and fields you use, where you click
              hours = ["18:00-08:00"]  # by the clock on the wall; absent: always
              days = ["mon", "fri"]    # on which the hours begin; absent: every day
            """,
        subcommands: [ShowRules.self, AddRule.self, RemoveRule.self, SetRules.self, ClearRules.self],
        defaultSubcommand: ShowRules.self)
}

/// As kymographd gives them: each begins with a line `[[rule]]`.
private struct RuleTexts {
    static let head = "[[rule]]\n"
    var texts: [String]

    init(_ text: String) {
        texts = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line + "\n" == Self.head { texts.append("") }
            if !texts.isEmpty { texts[texts.count - 1] += line + "\n" }
        }
    }

    var text: String { texts.joined(separator: "\n") }
}

struct ShowRules: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Your own rules, numbered.")
    @OptionGroup var control: ControlArguments

    func run() throws {
        let rules = RuleTexts(try control.ask(.rules))
        var out = StandardOutput()
        if rules.texts.isEmpty {
            try out.print("# You have no rules of your own: the policy alone holds (kymo privacy).")
        }
        for (index, text) in rules.texts.enumerated() {
            try out.print("# \(index + 1)")
            for line in text.split(separator: "\n") { try out.print(String(line).visible) }
        }
        try out.flush()
    }
}

struct AddRule: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a rule of your own.")
    @OptionGroup var control: ControlArguments
    @Option(name: .long, help: "Apps whose id matches; * and ? stand for any characters.")
    var app = "*"
    @Option(name: .long, help: "off: nothing at all is recorded; class: counts.")
    var keys: String?
    @Option(name: .long, help: "off or hash.")
    var titles: String?
    @Option(name: .long, help: "off.")
    var pointer: String?
    @Option(name: .long, help: "off: not which buttons and fields you use, nor where you click.")
    var interactions: String?
    @Option(name: .long, help: "Only in these hours: 18:00-08:00. May be given several times.")
    var hours: [String] = []
    @Option(name: .long, help: "Only on these days, separated by commas: mon,tue,wed,thu,fri,sat,sun.")
    var days: String?

    func validate() throws {
        if keys == nil, titles == nil, pointer == nil, interactions == nil {
            throw ValidationError("--keys, --titles, --pointer or --interactions: what is to be left out?")
        }
    }

    func run() throws {
        var rules = RuleTexts(try control.ask(.rules))
        var text = RuleTexts.head
        func add(_ name: String, _ value: String) { text += "\(name) = \(value)\n" }
        func list(_ values: [String]) -> String { "[\(values.map(Self.quoted).joined(separator: ", "))]" }
        add("app", Self.quoted(app))
        if let keys { add("keys", Self.quoted(keys)) }
        if let titles { add("titles", Self.quoted(titles)) }
        if let pointer { add("pointer", Self.quoted(pointer)) }
        if let interactions { add("interactions", Self.quoted(interactions)) }
        if !hours.isEmpty { add("hours", list(hours)) }
        if let days { add("days", list(days.split(separator: ",").map(String.init))) }
        rules.texts.append(text)
        _ = try control.ask(.setRules(rules.text))
        print("In force now; \(counted(UInt64(rules.texts.count), "rule")) of your own.")
    }

    /// A basic string of TOML; what it may not hold is refused by kymographd.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

struct RemoveRule: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a rule of your own, by the number that kymo rules shows.")
    @OptionGroup var control: ControlArguments
    @Argument var number: Int

    func run() throws {
        var rules = RuleTexts(try control.ask(.rules))
        guard rules.texts.indices.contains(number - 1) else {
            throw fail("there is no rule \(number) of yours; kymo rules shows \(rules.texts.count)")
        }
        rules.texts.remove(at: number - 1)
        _ = try control.ask(.setRules(rules.text))
        print("Removed; \(counted(UInt64(rules.texts.count), "rule")) of your own.")
    }
}

struct SetRules: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Take the rules in a file (-: standard input) in the place of yours.")
    @OptionGroup var control: ControlArguments
    @Argument var file: String

    func run() throws {
        let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fail("cannot read \(file): \(String(cString: strerror(errno)))") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < ControlRequest.sizeLimit {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw fail("cannot read \(file): \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self), bytes.count < ControlRequest.sizeLimit - 64 else {
            throw fail("\(file) is no text, or has more than \(ControlRequest.sizeLimit - 64) bytes")
        }
        _ = try control.ask(.setRules(text))
        print("In force now.")
    }
}

struct ClearRules: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "clear", abstract: "Remove all rules of your own.")
    @OptionGroup var control: ControlArguments

    func run() throws {
        _ = try control.ask(.setRules(""))
        print("You have no rules of your own any more.")
    }
}
