import ArgumentParser
import Consent
import Events
import Export
import Glibc
import Policy

struct PrivacyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privacy",
        abstract: "What is recorded of you now, under which rule, and what was withheld and why.",
        discussion: "Always about yourself. Shows no content: the journal is not opened.")

    @OptionGroup var control: ControlArguments
    @Option(name: .long, help: "Where kymographd tells what it does.")
    var socket = RecorderStatus.defaultSocket

    func run() throws {
        let view = try control.view()
        let status: RecorderStatus
        do throws(StatusError) {
            status = try RecorderStatus.ask(socket)
        } catch {
            throw fail("\(error)")
        }
        let account = PrivacyAccount(
            view: view, status: status, own: try control.account(), accesses: try AccessCommand.lines(control))
        var out = StandardOutput()
        for line in account.lines { try out.print(line) }
        try out.flush()
    }
}

/// The answer in plain words.
private struct PrivacyAccount {
    private static let shown = 5

    let view: ConsentView
    let status: RecorderStatus
    let own: AccountView
    /// Lines of the list, oldest first.
    let accesses: [String]

    var lines: [String] { now + consent + rules + ownRules + withheld + cost + readers }

    private var now: [String] {
        let name = view.subject.visible
        if status.recording, status.subject == view.subject {
            return ["\(name), you are being recorded now: \(status.devices) devices are open, the indicator is shown."]
        }
        let why =
            status.recording
            ? "somebody else is at the seat" : status.reason?.visible ?? "kymographd does not say why"
        return ["\(name), nothing of you is being recorded now: \(why)."]
    }

    private var consent: [String] {
        [
            "", "Consent",
            view.receipt.isEmpty
                ? "  none is in force: \(view.reason.visible)"
                : "  receipt \(view.receipt) (kymo consent show: what to; kymo consent withdraw: no more)",
        ]
    }

    private var rules: [String] {
        guard let policy = try? RuleSet(canonicalText: view.policy) else {
            return ["", "Rules", "  not understood; kymo consent show has them as they are"]
        }
        var lines = ["", "Rules, while you are recorded (of all that match an app the strictest)"]
        lines += policy.rules.map { "  \($0.app.pattern.visible): \($0.effect.words)" }
        lines.append("  every other app: \(EffectiveRule.standard.words)")
        lines.append(
            "  password managers, keyrings, prompts and the like (\(policy.denied.patterns.count) patterns): nothing")
        return lines
    }

    private var ownRules: [String] {
        var lines = ["", "Your own rules, which only take away (kymo rules)"]
        lines += own.rules.map { rule in
            let app = rule.app == "*" ? "every app" : rule.app.visible
            let when = rule.when.isEmpty ? "" : ", \(rule.when.visible)\(rule.isInForce ? " (now)" : " (not now)")"
            return "  \(app)\(when): \(rule.limit.takenAway)"
        }
        if own.rules.isEmpty { lines.append("  none") }
        return lines
    }

    private var withheld: [String] {
        let spans = own.withheld.sorted { ($1.microseconds, $0.reason) < ($0.microseconds, $1.reason) }
        var lines = ["", "Withheld today"]
        lines += spans.map { span in
            let why = SuppressionReason(name: span.reason)?.explanation ?? span.reason.visible
            return "  \(why): \(counted(span.spans, "time")), \(Self.length(span.microseconds)) together"
        }
        if spans.isEmpty { lines.append("  nothing") }
        return lines
    }

    private static func length(_ microseconds: UInt64) -> String {
        let seconds = (microseconds + 999_999) / 1_000_000
        if seconds < 120 { return "\(seconds) s" }
        return seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }

    private var cost: [String] {
        let hours = status.uptime_us / 3_600_000_000, minutes = status.uptime_us / 60_000_000 % 60
        return [
            "", "What there is of you, and what it cost",
            "  \(ByteSize.text(own.bytes)) on the disk in \(counted(own.segments, "segment")) (kymo mine shows it, kymo "
                + "forget takes it away)",
            "  since the recorder started \(hours) h \(minutes) min ago: \(status.cpu_us / 1000) ms of processor time, "
                + "\(ByteSize.text(status.bytes_written)) written, \(ByteSize.text(status.memory_bytes)) of memory now",
        ]
    }

    private var readers: [String] {
        var lines = ["", "Who has read it"]
        switch accesses.count {
        case 0: lines.append("  nobody but root, who leaves no line here")
        case 1: lines.append("  one access (root leaves no line here)")
        case let count:
            lines.append("  \(count) accesses, the last of them (kymo access shows all; root leaves no line here)")
        }
        return lines + accesses.suffix(Self.shown).map { "  \($0.visible)" }
    }
}

extension ControlArguments {
    fileprivate func account() throws -> AccountView {
        do {
            // A day's records are gone through.
            return try AccountView(text: try ask(.account, patience: 120_000_000))
        } catch let error as ReceiptError {
            throw fail("\(control) answers what is not understood: \(error)")
        }
    }
}

extension EffectiveRule {
    /// What a rule that only tightens leaves out.
    fileprivate var takenAway: String {
        guard keys != .off else { return "nothing is recorded, not even its name" }
        var words: [String] = []
        if keys == .class { words.append("keys as counts at most") }
        if titles == .off { words.append("no titles") }
        if titles == .hash { words.append("titles as a hash at most") }
        if pointer == .off { words.append("no pointer") }
        if interactions == .off { words.append("not which buttons and fields are used, nor where clicks are") }
        return words.isEmpty ? "takes nothing away" : words.joined(separator: ", ")
    }

    /// As one would say it.
    fileprivate var words: String {
        guard keys != .off else { return "nothing, not even its name" }
        let keyWords =
            keys == .full
            ? "every key, where accessibility says that the field is no password's"
            : "keys as counts per 100 ms, commands such as Ctrl+C as they are"
        let titleWords =
            switch titles {
            case .off: "no titles"
            case .hash: "titles as a hash at most"
            case .full: "titles"
            }
        let words = "\(keyWords); \(titleWords); \(pointer == .on ? "pointer" : "no pointer")"
        guard interactions == .on else { return words }
        // A label is kept as titles are.
        let labels = titles == .off ? "no labels" : "their labels like titles"
        return "\(words); which buttons and fields are used, with \(labels), and where clicks are"
    }
}
