import ArgumentParser
import CLinuxShim
import Events
import FoundationEssentials
import Glibc

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the recorder what it does. Exit code 2 if it does not answer.")

    @Option(name: .long, help: "Where kymographd answers.")
    var socket = "/run/kymograph/status.sock"

    @Option(name: .long, help: "short: for people; json: the recorder's own line (docs/JSON.md).")
    var output = OutputForm.short

    /// The recorder answers from its loop; one that is stopped does not.
    private static let patienceMicroseconds: Int64 = 2_000_000

    func run() throws {
        let line = try ask()
        var out = StandardOutput()
        if output == .json {
            try out.print(bytes: Array(line))
        } else {
            guard let answer = try? JSONDecoder().decode(Answer.self, from: line) else {
                throw fail("\(socket) answers what is not understood; install kymo and kymographd of one release")
            }
            for row in answer.rows { try out.print(row) }
        }
        try out.flush()
    }

    private func ask() throws -> Data {
        let descriptor = kymo_unix_connect(socket, 0)
        guard descriptor >= 0 else {
            throw fail(
                "kymographd does not answer on \(socket) (\(String(cString: strerror(errno)))); is it running? "
                    + "systemctl status kymographd tells")
        }
        defer { close(descriptor) }
        var line = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while kymo_wait_readable(descriptor, Self.patienceMicroseconds) == 1 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0, line.count < 1 << 16 else { break }
            line += buffer.prefix(count)
        }
        guard line.last == UInt8(ascii: "\n") else {
            throw fail("kymographd took the question on \(socket) and does not answer; is it stopped?")
        }
        return line
    }
}

private struct Answer: Decodable {
    var recording: Bool
    var reason: String?
    var subject: String
    var version: String
    var devices: Int
    var agent: Bool
    var indicator: Bool
    var agent_backend: String
    var events_permitted: UInt64
    var keys_counted: UInt64
    var events_suppressed: UInt64
    var events_lost_ring: UInt64
    var kernel_losses: UInt64
    var events_written: UInt64
    var chunks_written: UInt64
    var bytes_written: UInt64
    var write_failures: UInt64
    var cpu_us: UInt64
    var resident_bytes: UInt64

    var rows: [String] {
        let state = recording ? "recording \(subject.visible)" : "not recording: \(reason?.visible ?? "unknown")"
        let indicatorState = indicator ? "indicator shown" : "indicator not shown"
        let agentState = agent ? "connected, focus from \(agent_backend.visible), \(indicatorState)" : "none"
        return [
            "kymographd   \(version.visible), \(state)",
            "devices      \(devices)",
            "agent        \(agentState)",
            "events       \(events_permitted) permitted, \(keys_counted) keys counted, \(events_suppressed) suppressed",
            "lost         \(events_lost_ring) in the ring, \(kernel_losses) times in the kernel's buffer",
            "journal      \(events_written) records in \(chunks_written) chunks, \(bytes_written) bytes, "
                + "\(write_failures) failures",
            "resources    \(cpu_us / 1000) ms of CPU, \(resident_bytes / 1024) KiB of memory at most",
        ]
    }
}
