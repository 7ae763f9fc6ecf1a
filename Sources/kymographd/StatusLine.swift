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
        fields.append(("subject", Self.quoted(recorder.subject)))
        fields.append(("version", Self.quoted(kymographVersion)))
        fields.append(("devices", "\(recorder.deviceCount)"))
        fields.append(("agent", recorder.agent.isConnected ? "true" : "false"))
        fields.append(("indicator", recorder.isIndicatorShown ? "true" : "false"))
        fields.append(("agent_backend", Self.quoted(recorder.agent.backend)))
        fields.append(("events_permitted", "\(counters.permitted)"))
        fields.append(("keys_counted", "\(counters.keysCounted)"))
        fields.append(("events_suppressed", "\(counters.suppressed)"))
        fields.append(("events_lost_ring", "\(recorder.outlet.lostCount)"))
        fields.append(("kernel_losses", "\(recorder.kernelLossCount)"))
        fields.append(("events_written", "\(written.events)"))
        fields.append(("chunks_written", "\(written.chunks)"))
        fields.append(("bytes_written", "\(written.bytes)"))
        fields.append(("durable_sequence", "\(written.durableSequence)"))
        fields.append(("syncs", "\(written.syncs)"))
        fields.append(("segments_deleted", "\(written.deletedSegments)"))
        fields.append(("events_lost_disk", "\(written.shedEvents)"))
        fields.append(("write_failures", "\(written.writeFailures)"))
        fields.append(("cpu_us", "\(use.cpuMicroseconds)"))
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
    let residentBytes: UInt64

    init() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        cpuMicroseconds =
            UInt64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
            + UInt64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
        // ru_maxrss is the peak, in KiB: the figure that a limit would meet.
        residentBytes = UInt64(usage.ru_maxrss) * 1024
    }
}
