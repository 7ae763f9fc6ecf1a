import CLinuxShim
import FoundationEssentials
import Glibc

/// The recorder's own account of itself, as it answers on its status socket (docs/JSON.md, `kymo status`).
struct RecorderStatus: Decodable {
    static let defaultSocket = "/run/kymograph/status.sock"

    var recording: Bool
    var reason: String?
    var reason_kind: String?
    var subject: String
    var version: String
    var uptime_us: UInt64
    var devices: Int
    var agent: Bool
    var indicator: Bool
    var agent_backend: String
    /// An older recorder does not say.
    var agent_backend_reason: String?
    var events_permitted: UInt64
    var keys_counted: UInt64
    var events_suppressed: UInt64
    /// An older recorder knows none.
    var interactions: UInt64?
    var interactions_unanswered: UInt64?
    var interactions_withheld: UInt64?
    var pointer_places: UInt64?
    var pointer_places_withheld: UInt64?
    var suppressed_spans: [String: UInt64]
    var focus_changes: UInt64
    var focus_uncertainty_us: UInt64
    var events_lost_ring: UInt64
    var events_lost_disk: UInt64
    var kernel_losses: UInt64
    var events_written: UInt64
    var chunks_written: UInt64
    var bytes_written: UInt64
    var sync_count: UInt64
    var sync_us: UInt64
    var sync_longest_us: UInt64
    var segments_deleted: UInt64
    var write_failures: UInt64
    var cpu_us: UInt64
    var memory_bytes: UInt64
    var resident_bytes: UInt64
}

/// Why there is no status: one sentence, with what to do.
enum StatusError: Error, CustomStringConvertible {
    case noAnswer(socket: String, errno: Int32)
    case silent(socket: String)
    case notUnderstood(socket: String)

    var description: String {
        switch self {
        case .noAnswer(let socket, let code):
            "kymographd does not answer on \(socket) (\(String(cString: strerror(code)))); is it running? "
                + "systemctl status kymographd tells"
        case .silent(let socket): "kymographd took the question on \(socket) and does not answer; is it stopped?"
        case .notUnderstood(let socket):
            "\(socket) answers what is not understood; install kymo and kymographd of one release"
        }
    }
}

extension RecorderStatus {
    /// The recorder answers from its loop; one that is stopped does not.
    private static let patienceMicroseconds: Int64 = 2_000_000

    static func ask(_ socket: String) throws(StatusError) -> RecorderStatus {
        let line = try askLine(socket)
        guard let status = try? JSONDecoder().decode(RecorderStatus.self, from: line) else {
            throw .notUnderstood(socket: socket)
        }
        return status
    }

    /// The line as it is, with its newline.
    static func askLine(_ socket: String) throws(StatusError) -> Data {
        let descriptor = kymo_unix_connect(socket, 0)
        guard descriptor >= 0 else { throw .noAnswer(socket: socket, errno: errno) }
        defer { close(descriptor) }
        var line = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while kymo_wait_readable(descriptor, patienceMicroseconds) == 1 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0, line.count < 1 << 16 else { break }
            line += buffer.prefix(count)
        }
        guard line.last == UInt8(ascii: "\n") else { throw .silent(socket: socket) }
        return line
    }
}
