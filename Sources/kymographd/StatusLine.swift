import CLinuxShim
import Events
import Glibc
import Journal
import Policy

/// The answer to `kymo status`: figures of the recorder, no content. Field names are documented in docs/JSON.md.
struct StatusLine {
    let json: String

    init(_ recorder: Recorder) {
        let counters = recorder.gate.counters
        let written = recorder.journal.statistics
        let use = ResourceUse()
        var fields: [(String, String)] = []
        fields.append(("recording", recorder.idleReason == nil ? "true" : "false"))
        if let reason = recorder.idleReason { fields.append(("reason", Self.quoted(reason))) }
        if let kind = recorder.idleKind { fields.append(("reason_kind", Self.quoted(kind))) }
        fields.append(("subject", Self.quoted(recorder.subject)))
        fields.append(("version", Self.quoted(kymographVersion)))
        fields.append(("uptime_us", "\(kymo_monotonic_microseconds() - recorder.startMicroseconds)"))
        fields.append(("devices", "\(recorder.deviceCount)"))
        fields.append(("agent", recorder.agent.isConnected ? "true" : "false"))
        fields.append(("indicator", recorder.isIndicatorShown ? "true" : "false"))
        fields.append(("agent_backend", Self.quoted(recorder.agent.backend)))
        fields.append(("agent_backend_reason", Self.quoted(recorder.agent.backendReason)))
        fields.append(("events_permitted", "\(counters.permitted)"))
        fields.append(("keys_counted", "\(counters.keysCounted)"))
        fields.append(("events_suppressed", "\(counters.suppressed)"))
        fields.append(("interactions", "\(counters.interactions)"))
        fields.append(("interactions_unanswered", "\(counters.interactionsUnanswered)"))
        fields.append(("interactions_withheld", "\(counters.interactionsWithheld)"))
        fields.append(("pointer_places", "\(counters.places)"))
        fields.append(("pointer_places_withheld", "\(counters.placesWithheld)"))
        let spans = recorder.outlet.tally.suppressions.map { "\"\($0.name)\":\($0.count)" }.joined(separator: ",")
        fields.append(("suppressed_spans", "{\(spans)}"))
        fields.append(("focus_changes", "\(recorder.outlet.tally.focusChanges)"))
        fields.append(("focus_uncertainty_us", "\(recorder.outlet.tally.uncertaintyMicroseconds)"))
        fields.append(("events_lost_ring", "\(recorder.outlet.lostCount)"))
        fields.append(("kernel_losses", "\(recorder.kernelLossCount)"))
        fields.append(("events_written", "\(written.events)"))
        fields.append(("chunks_written", "\(written.chunks)"))
        fields.append(("bytes_written", "\(written.bytes)"))
        fields.append(("durable_sequence", "\(written.durableSequence)"))
        fields.append(("syncs", "\(written.syncs)"))
        fields.append(("sync_count", "\(written.timedSyncs)"))
        fields.append(("sync_us", "\(written.syncMicroseconds)"))
        fields.append(("sync_longest_us", "\(written.longestSyncMicroseconds)"))
        fields.append(("segments_deleted", "\(written.deletedSegments)"))
        fields.append(("events_lost_disk", "\(written.shedEvents)"))
        fields.append(("write_failures", "\(written.writeFailures)"))
        fields.append(("cpu_us", "\(use.cpuMicroseconds)"))
        fields.append(("memory_bytes", "\(use.memoryBytes)"))
        fields.append(("resident_bytes", "\(use.residentBytes)"))
        json = "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// What the process has used since its start.
struct ResourceUse {
    let cpuMicroseconds: UInt64
    /// Now.
    let memoryBytes: UInt64
    /// At most, so far.
    let residentBytes: UInt64

    init() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        cpuMicroseconds =
            UInt64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
            + UInt64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
        // ru_maxrss is the peak, in KiB: the figure that a limit would meet.
        residentBytes = UInt64(usage.ru_maxrss) * 1024
        memoryBytes = Self.residentPages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The second number in /proc/self/statm; 0 where there is no such file.
    private static var residentPages: UInt64 {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let numbers = bytes[..<count].split(separator: UInt8(ascii: " "))
        return numbers.count > 1 ? UInt64(String(decoding: numbers[1], as: UTF8.self)) ?? 0 : 0
    }
}
