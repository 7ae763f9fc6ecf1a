import ArgumentParser
import Consent

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stop recording you for a while: devices are closed at once.",
        discussion: "Lasts over a restart. There is no longest pause, and nobody is asked.")

    @OptionGroup var control: ControlArguments
    @Argument(help: "How long: 90s, 15min, 2h, 1d. Without it: until kymo resume.")
    var duration: PauseDuration?

    func run() throws {
        _ = try control.ask(.pause(seconds: duration?.seconds ?? 0))
        print("Nothing of yours is recorded\(duration.map { " for \($0.text)" } ?? " until kymo resume").")
    }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End your pause.")
    @OptionGroup var control: ControlArguments

    func run() throws {
        _ = try control.ask(.resume)
        print("Your pause has ended.")
    }
}

/// `90s`, `15min`, `2h`, `1d`, `1h30min`.
struct PauseDuration: ExpressibleByArgument, Equatable {
    let seconds: UInt64
    let text: String

    init?(argument: String) {
        let units: [(String, UInt64)] = [("min", 60), ("m", 60), ("s", 1), ("h", 3600), ("d", 86400)]
        var rest = argument[...]
        var total: UInt64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let count = UInt64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let (name, size) = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            rest = rest.dropFirst(name.count)
            let (part, isTooMuch) = count.multipliedReportingOverflow(by: size)
            let (sum, isMore) = total.addingReportingOverflow(part)
            guard !isTooMuch, !isMore else { return nil }
            total = sum
        }
        guard total > 0 else { return nil }
        seconds = total
        text = argument
    }
}
