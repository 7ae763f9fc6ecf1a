import CLinuxShim
import Consent
import Events
import Export
import Glibc
import Journal
import JournalAccess
import SystemPackage

/// One reading of what was recorded of oneself, on a thread of its own, which writes to the peer's socket itself: what
/// the peer does not take waits with the thread, and not in the recorder's memory.
struct OwnReadingWork: Sendable {
    /// How long a peer may take nothing.
    private static let patienceMilliseconds: Int32 = 60_000

    let journal: FilePath
    let accessLog: AccessLog
    let person: Person
    let processID: pid_t
    let reading: OwnReading
    let query: Query
    /// Non-blocking, and this thread's until `run` returns.
    let socket: Int32

    /// - Returns: what went wrong, for the log; nil: nothing, or the peer hung up.
    func run() -> String? {
        do {
            let records = try OwnRecords(directory: journal, userID: person.userID, query: query)
            let found = try records.count()
            try accessLog.append(entry(records: found.records), creates: true)
            var buffer: [UInt8] = []
            let done = try records.write(as: form) { bytes in
                buffer += bytes
                while buffer.count >= ControlReply.partLimit {
                    try send(.part(Array(buffer.prefix(ControlReply.partLimit))))
                    buffer.removeFirst(ControlReply.partLimit)
                }
            }
            if !buffer.isEmpty { try send(.part(buffer)) }
            if done.damages > 0 { try send(.progress("\(counted(done.damages, "place")) could not be read")) }
            try send(.done)
            return nil
        } catch is PeerGone {
            return nil
        } catch {
            try? send(.refused("\(error)"))
            return "\(error)"
        }
    }

    private var form: OwnRecords.Form {
        switch reading.form {
        case .text: .text
        case .json: .json
        case .csv: .csv
        }
    }

    private func entry(records: UInt64) -> AccessEntry {
        var words = ["mine", "--output", reading.form.rawValue]
        // As moments that `kymo show` takes.
        if let since = query.sinceMicroseconds { words += ["--since", "@\(Double(since) / 1_000_000)"] }
        if let until = query.untilMicroseconds { words += ["--until", "@\(Double(until) / 1_000_000)"] }
        for app in query.apps { words += ["--app", app.pattern] }
        if !reading.kinds.isEmpty { words += ["--kind", reading.kinds.joined(separator: ",")] }
        return AccessEntry(
            realtimeMicroseconds: kymo_realtime_microseconds(), role: .subject, userID: person.userID,
            processID: processID, userName: person.name, request: words, records: records)
    }

    private struct PeerGone: Error {}

    private func send(_ reply: ControlReply) throws(PeerGone) {
        let bytes = reply.bytes
        while true {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 { return }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { throw PeerGone() }
            var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, Self.patienceMilliseconds) > 0, waiting.revents & Int16(POLLOUT) != 0 else {
                throw PeerGone()
            }
        }
    }
}
