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
        let account = PrivacyAccount(view: view, status: status, accesses: try AccessCommand.lines(control))
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
    /// Lines of the list, oldest first.
    let accesses: [String]

    var lines: [String] { now + consent + rules + withheld + cost + readers }

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

    private var withheld: [String] {
        let spans = status.suppressed_spans.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let hours = status.uptime_us / 3_600_000_000, minutes = status.uptime_us / 60_000_000 % 60
        var lines = ["", "Withheld since the recorder started \(hours) h \(minutes) min ago, of whoever sat here"]
        lines += spans.map { name, count in
            "  \(count) \(count == 1 ? "time" : "times"): \(SuppressionReason(name: name)?.explanation ?? name.visible)"
        }
        if spans.isEmpty { lines.append("  nothing") }
        return lines
    }

    private var cost: [String] {
        [
            "", "What it cost since then",
            "  \(status.cpu_us / 1000) ms of processor time, \(ByteSize.text(status.bytes_written)) on the disk, "
                + "\(ByteSize.text(status.memory_bytes)) of memory now",
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

extension EffectiveRule {
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
        return "\(keyWords); \(titleWords); \(pointer == .on ? "pointer" : "no pointer")"
    }
}
