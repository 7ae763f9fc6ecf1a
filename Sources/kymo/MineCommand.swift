import ArgumentParser
import Consent
import Events
import Export
import Glibc

struct MineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mine",
        abstract:
            "Show, or export, what was recorded of yourself, after you have shown with your password that it is you.",
        discussion: """
            No administrator is needed, and nobody else's records are in it. It ends with what was written when you asked: it \
            never follows, or every program of yours could read along as you type. Each reading is noted where kymo privacy \
            and kymo access show it.

            text: lines for people, as kymo show; json: docs/JSON.md; csv: docs/CSV.md. What was withheld, lost or forgotten \
            is in json and csv whatever apps and kinds are asked for.
            """)

    @OptionGroup var control: ControlArguments
    @Option(name: .long, help: "Only what happened at this moment or later: \(Moment.forms).")
    var since: String?
    @Option(name: .long, help: "Only what happened before this moment.")
    var until: String?
    @Option(name: .long, help: "Only what happened in apps whose id matches; * and ? stand for any characters.")
    var app: [String] = []
    @Option(name: .long, help: "Only these kinds, separated by commas (kymo show --help lists them).")
    var kind: String?
    @Option(name: .long, help: "text, json or csv.")
    var output = OwnReading.Form.text
    @Option(name: .long, help: "Write to this file, which appears only when it is whole. Without it: standard output.")
    var file: String?
    @Flag(name: .long, help: "--file may replace a file that is there.")
    var replace = false

    func validate() throws {
        if replace, file == nil { throw ValidationError("--replace: of which --file?") }
        _ = try reading()
    }

    private func reading() throws -> OwnReading {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let now = Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1_000
        func moment(_ text: String?, _ option: String) throws -> Int64? {
            guard let text else { return nil }
            guard let moment = Moment.parse(text, nowMicroseconds: now) else {
                throw ValidationError("\(option) '\(text)': expected \(Moment.forms)")
            }
            return moment
        }
        var reading = OwnReading(form: output)
        reading.sinceMicroseconds = try moment(since, "--since")
        reading.untilMicroseconds = try moment(until, "--until")
        reading.apps = try app.map { pattern in
            guard let glob = AppGlob(pattern), !pattern.contains("\n") else {
                throw ValidationError("--app '\(pattern)': 1 to \(AppGlob.lengthLimit) bytes expected")
            }
            return glob
        }
        reading.kinds = try (kind ?? "").split(separator: ",").map { word in
            guard RecordName(rawValue: String(word)) != nil else {
                throw ValidationError(
                    "--kind '\(word)': expected of \(RecordName.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return String(word)
        }
        return reading
    }

    func run() throws {
        let target = try file.map { try NewFile($0, replaces: replace) }
        var out = target.map { StandardOutput(descriptor: $0.descriptor, name: file ?? "") } ?? StandardOutput()
        let agent = TerminalAgent()
        defer { agent.stop() }
        try control.ask(.mine(try reading()), patience: -1) { try out.print(bytes: $0) }
        try out.flush()
        try target?.publish()
    }
}

extension OwnReading.Form: ExpressibleByArgument {}
