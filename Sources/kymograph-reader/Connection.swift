import CLinuxShim
import Glibc
import JournalAccess

/// One connection of somebody who may not read the journal's directory: a question, and its answer.
struct Connection {
    let socket: Int32

    /// Who connects and says nothing does not stay.
    private static let patienceMicroseconds: Int64 = 5_000_000

    private struct Question {
        var request: AccessRequest
        var output: Int32
        var errors: Int32
    }

    func serve() {
        guard let peer = Peer(of: socket) else { return send(.refused("the kernel does not tell who asks")) }
        guard let question = receive() else {
            return send(.refused("the request is not understood; install kymo and kymograph-reader of one release"))
        }
        send(answer(question, to: peer))
    }

    private func receive() -> Question? {
        guard kymo_wait_readable(socket, Self.patienceMicroseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: AccessRequest.limit)
        var descriptors: [Int32] = [-1, -1]
        let count = kymo_receive_descriptors(
            socket, &bytes, bytes.count, &descriptors, Int32(descriptors.count))
        guard count > 0, descriptors.allSatisfy({ $0 >= 0 }), let request = AccessRequest(bytes[..<count]) else {
            return nil
        }
        return Question(request: request, output: descriptors[0], errors: descriptors[1])
    }

    private func send(_ reply: AccessReply) {
        let bytes = reply.bytes
        _ = Glibc.send(socket, bytes, bytes.count, Int32(bitPattern: UInt32(MSG_NOSIGNAL)))
    }

    private func answer(_ question: Question, to peer: Peer) -> AccessReply {
        let journal = getenv("KYMOGRAPH_JOURNAL").map { String(cString: $0) } ?? "/var/lib/kymograph/journal"
        let access = Access(question.request.arguments, by: peer.role, journal: journal)
        var isGranted = true
        if case .refused = access { isGranted = false }
        let log = AccessLog()
        let line = LogLine(
            realtimeMicroseconds: kymo_realtime_microseconds(), userID: peer.userID, userName: peer.name,
            processID: peer.processID, role: peer.role, arguments: question.request.arguments, isGranted: isGranted)
        // What is not on record does not happen.
        guard log.append(line) else {
            return .refused(
                "the list of accesses cannot be written, so nothing is read; ls -ld /var/log/kymograph tells whether "
                    + "it belongs to kymograph-reader, df whether there is room")
        }
        switch access {
        case .refused(let reason): return .refused(reason)
        case .log: return .finished(log.copy(to: question.output) ? 0 : 2)
        case .read(let arguments):
            guard
                let command = Command(
                    arguments, output: question.output, errors: question.errors, isColored: question.request.isColored)
            else { return .refused("/usr/bin/kymo cannot be started; is the package whole?") }
            return .finished(command.wait(whileOpen: socket) ?? 2)
        }
    }
}
