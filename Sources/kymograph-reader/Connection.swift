import CLinuxShim
import Glibc
import JournalAccess

/// One connection of somebody who may not read the journal's directory: a question, and its answer.
struct Connection {
    let socket: Int32

    private static let journal = "/var/lib/kymograph/journal"
    /// Who connects and says nothing does not stay.
    private static let patienceMicroseconds: Int64 = 5_000_000

    private struct Question {
        var request: ReadingRequest
        var output: Int32
        var errors: Int32
    }

    func serve() {
        guard let peer = Peer(of: socket) else { return send(.refused("the kernel does not tell who asks")) }
        guard peer.mayReadEverything else {
            // To systemd's journal alone: a list that anybody may make longer is no list. Nothing was read.
            say("refused: uid \(peer.userID) is not in the group \(Peer.readers)")
            return send(.refused("you are not, or no longer, in the group \(Peer.readers)"))
        }
        guard let question = receive() else {
            return send(.refused("the request is not understood; install kymo and kymograph-reader of one release"))
        }
        send(answer(question, to: peer))
    }

    private func receive() -> Question? {
        guard kymo_wait_readable(socket, Self.patienceMicroseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: ReadingRequest.limit)
        var descriptors: [Int32] = [-1, -1]
        let count = kymo_receive_descriptors(socket, &bytes, bytes.count, &descriptors, Int32(descriptors.count))
        guard count > 0, descriptors.allSatisfy({ $0 >= 0 }), let request = ReadingRequest(bytes[..<count]) else {
            return nil
        }
        return Question(request: request, output: descriptors[0], errors: descriptors[1])
    }

    private func answer(_ question: Question, to peer: Peer) -> ReadingReply {
        let reading: Reading
        do throws(Reading.Refusal) {
            reading = try Reading(question.request.arguments, journal: Self.journal)
        } catch {
            return .refused(error.reason)
        }
        do throws(AccessLogError) {
            try AccessLog().append(
                AccessEntry(
                    realtimeMicroseconds: kymo_realtime_microseconds(), role: .reader, userID: peer.userID,
                    processID: peer.processID, userName: peer.name, request: question.request.arguments))
        } catch {
            say("\(error)")
            return .refused("what is not on record is not read: \(error)")
        }
        guard
            let command = Command(
                reading.arguments, output: question.output, errors: question.errors,
                isColored: question.request.isColored)
        else { return .refused("/usr/bin/kymo cannot be started; is the package whole?") }
        return command.wait(whileOpen: socket).map { .finished($0) } ?? .refused("it was ended")
    }

    private func send(_ reply: ReadingReply) {
        let bytes = reply.bytes
        _ = Glibc.send(socket, bytes, bytes.count, Int32(bitPattern: UInt32(MSG_NOSIGNAL)))
    }

    /// To the administrator: systemd's journal.
    private func say(_ line: String) {
        var text = line + "\n"
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
