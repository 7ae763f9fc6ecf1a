import ArgumentParser
import Events
import Glibc

struct Metrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the recorder's figures as OpenMetrics text, for node_exporter's textfile collector.",
        discussion: """
            A recorder that does not answer is a figure too: kymograph_up 0, exit code 0. There is no content in it, no \
            name of a person, and no count of keys. kymograph-metrics.timer writes it once an hour: more often, the \
            counters would tell when somebody was at the desk.
            """)

    @Option(name: .long, help: "Where kymographd answers.")
    var socket = RecorderStatus.defaultSocket

    @Option(name: .long, help: "Write to this file, which is replaced as a whole, in place of standard output.")
    var write: String?

    func run() throws {
        let text = OpenMetrics(try? RecorderStatus.ask(socket)).text
        guard let path = write else {
            var out = StandardOutput()
            try out.print(bytes: Array(text.utf8))
            return try out.flush()
        }
        try replace(path, with: text)
    }

    /// Whoever reads the file never finds half of it.
    private func replace(_ path: String, with text: String) throws {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fail("cannot write \(temporary): \(String(cString: strerror(errno)))") }
        var out = StandardOutput(descriptor: descriptor, name: temporary)
        do {
            try out.print(bytes: Array(text.utf8))
            try out.flush()
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw fail("cannot write \(path): \(reason)")
        }
    }
}

/// https://prometheus.io/docs/specs/om/open_metrics_spec/: families of samples, and `# EOF`.
struct OpenMetrics {
    private(set) var text = ""

    /// - Parameter status: nil when the recorder did not answer.
    init(_ status: RecorderStatus?) {
        gauge("up", "Whether kymographd answers.", status == nil ? 0 : 1)
        if let status { add(status) }
        text += "# EOF\n"
    }

    private mutating func add(_ status: RecorderStatus) {
        family("kymograph_build", "info", "The recorder's version.")
        text += "kymograph_build_info{version=\"\(status.version.visible)\"} 1\n"
        gauge("recording", "Whether input may be recorded now.", status.recording ? 1 : 0)
        gauge("agent_connected", "Whether the session's agent tells the focus.", status.agent ? 1 : 0)
        gauge("devices", "Input devices that are open.", UInt64(status.devices))
        seconds("uptime", "gauge", "Since the recorder's start.", status.uptime_us, suffix: "")
        counter("records", "Records of any kind in the journal.", status.events_written)
        family("kymograph_losses", "counter", "Events that are known to be missing; for the kernel, times.")
        text += "kymograph_losses_total{place=\"kernel\"} \(status.kernel_losses)\n"
        text += "kymograph_losses_total{place=\"ring\"} \(status.events_lost_ring)\n"
        text += "kymograph_losses_total{place=\"disk\"} \(status.events_lost_disk)\n"
        family("kymograph_suppressions", "counter", "Spans in which nothing was written, by reason.")
        for (reason, count) in status.suppressed_spans.sorted(by: { $0.key < $1.key }) {
            text += "kymograph_suppressions_total{reason=\"\(reason.visible)\"} \(count)\n"
        }
        family("kymograph_written_bytes", "counter", "Written to the journal.", unit: "bytes")
        text += "kymograph_written_bytes_total \(status.bytes_written)\n"
        counter("write_failures", "Writes and syncs that failed.", status.write_failures)
        counter("deleted_segments", "Segments that retention has deleted.", status.segments_deleted)
        family("kymograph_sync_seconds", "summary", "What it takes to make chunks durable.", unit: "seconds")
        text += "kymograph_sync_seconds_sum \(Self.seconds(status.sync_us))\n"
        text += "kymograph_sync_seconds_count \(status.sync_count)\n"
        seconds("sync_longest", "gauge", "The longest of them.", status.sync_longest_us, suffix: "")
        family(
            "kymograph_focus_uncertainty_seconds", "summary", "How far off a change of focus may be.", unit: "seconds")
        text += "kymograph_focus_uncertainty_seconds_sum \(Self.seconds(status.focus_uncertainty_us))\n"
        text += "kymograph_focus_uncertainty_seconds_count \(status.focus_changes)\n"
        seconds("cpu", "counter", "CPU time of the recorder.", status.cpu_us, suffix: "_total")
        family("kymograph_memory_bytes", "gauge", "Resident memory of the recorder.", unit: "bytes")
        text += "kymograph_memory_bytes \(status.memory_bytes)\n"
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: UInt64) {
        family("kymograph_\(name)", "gauge", help)
        text += "kymograph_\(name) \(value)\n"
    }

    private mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        family("kymograph_\(name)", "counter", help)
        text += "kymograph_\(name)_total \(value)\n"
    }

    private mutating func seconds(_ name: String, _ type: String, _ help: String, _ value: UInt64, suffix: String) {
        family("kymograph_\(name)_seconds", type, help, unit: "seconds")
        text += "kymograph_\(name)_seconds\(suffix) \(Self.seconds(value))\n"
    }

    private mutating func family(_ name: String, _ type: String, _ help: String, unit: String? = nil) {
        text += "# TYPE \(name) \(type)\n"
        if let unit { text += "# UNIT \(name) \(unit)\n" }
        text += "# HELP \(name) \(help)\n"
    }

    /// Microseconds as decimal seconds, exactly.
    private static func seconds(_ microseconds: UInt64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }
}
