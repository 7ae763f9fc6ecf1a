import ArgumentParser
import Events
import FoundationEssentials

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the recorder what it does. Exit code 2 if it does not answer.",
        discussion: "Figures count from the recorder's start. Where something is wrong, kymo doctor says what and why.")

    @Option(name: .long, help: "Where kymographd answers.")
    var socket = RecorderStatus.defaultSocket

    @Option(name: .long, help: "short: for people; json: the recorder's own line (docs/JSON.md).")
    var output = OutputForm.short

    func run() throws {
        var out = StandardOutput()
        do {
            if output == .json {
                try out.print(bytes: Array(RecorderStatus.askLine(socket)))
            } else {
                for row in try RecorderStatus.ask(socket).rows { try out.print(row) }
            }
        } catch let error as StatusError {
            throw fail("\(error)")
        }
        try out.flush()
    }
}

extension RecorderStatus {
    fileprivate var rows: [String] {
        let state = recording ? "recording \(subject.visible)" : "not recording: \(reason?.visible ?? "unknown")"
        let indicatorState = indicator ? "indicator shown" : "indicator not shown"
        let why = agent_backend_reason.map { $0.isEmpty ? "" : " (\($0.visible))" } ?? ""
        let agentState = agent ? "connected, focus from \(agent_backend.visible)\(why), \(indicatorState)" : "none"
        let withheld = suppressed_spans.sorted { $0.key < $1.key }.map { "\($0.key.visible) \($0.value)" }
        let day = perSecond(bytes_written) * 86_400 / 1_048_576
        return [
            "kymographd   \(version.visible), \(state)",
            "devices      \(devices)",
            "agent        \(agentState)",
            "events       \(events_permitted) permitted (\(perSecond(events_permitted).text) a second), "
                + "\(keys_counted) keys counted, \(events_suppressed) suppressed",
            "interactions \(interactions ?? 0) permitted, \(interactions_unanswered ?? 0) of them without an answer, "
                + "\(interactions_withheld ?? 0) withheld",
            "places       of the pointer at \(pointer_places ?? 0) presses, \(pointer_places_withheld ?? 0) withheld",
            "withheld     \(withheld.isEmpty ? "no span" : "spans: \(withheld.joined(separator: ", "))")",
            "lost         \(events_lost_ring) in the ring, \(events_lost_disk) at the disk, \(kernel_losses) times in "
                + "the kernel's buffer",
            "journal      \(events_written) records in \(chunks_written) chunks, \(bytes_written) bytes "
                + "(\(day.text) MiB a day at this rate), \(write_failures) failures",
            "resources    \((100 * Double(cpu_us) / Double(max(uptime_us, 1))).text) % of a CPU since the start, "
                + "\(memory_bytes / 1024) KiB of memory, \(resident_bytes / 1024) at most",
        ]
    }

    private func perSecond(_ count: UInt64) -> Double { Double(count) / max(Double(uptime_us) / 1_000_000, 1) }
}

extension Double {
    /// With one decimal.
    fileprivate var text: String {
        let tenths = UInt64((self * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
