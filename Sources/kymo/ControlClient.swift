import ArgumentParser
import CLinuxShim
import Consent
import Events
import Glibc

/// Where the recorder is asked about oneself.
struct ControlArguments: ParsableArguments {
    @Option(name: .long, help: "Where kymographd answers.")
    var control = "/run/kymograph/control.sock"

    /// The recorder answers from its loop and a disk; only what needs a password takes longer.
    static let patienceMicroseconds: Int64 = 10_000_000

    /// The whole answer as one text.
    /// - Parameter patience: between packets, µs; -1: for ever.
    /// - Throws: the exit code, when the reason was said.
    func ask(_ request: ControlRequest, patience: Int64 = patienceMicroseconds) throws -> String {
        var bytes: [UInt8] = []
        try ask(request, patience: patience) { part in
            bytes += part
            guard bytes.count <= ControlReply.textLimit else { throw misunderstood }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw misunderstood }
        return text
    }

    /// Hands over the answer as it comes.
    func ask(_ request: ControlRequest, patience: Int64, part: ([UInt8]) throws -> Void) throws {
        let descriptor = kymo_unix_connect(control, 1)
        guard descriptor >= 0 else {
            throw fail(
                "kymographd does not answer on \(control) (\(String(cString: strerror(errno)))); is it running? "
                    + "systemctl status kymographd tells")
        }
        defer { close(descriptor) }
        var text = request.text
        _ = text.withUTF8 { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var buffer = [UInt8](repeating: 0, count: ControlReply.sizeLimit + 1)
        while true {
            guard kymo_wait_readable(descriptor, patience) == 1 else {
                throw fail("kymographd took the question on \(control) and does not answer; is it stopped?")
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw fail("kymographd hung up on \(control) before it had answered") }
            guard let reply = ControlReply(bytes: buffer[..<count]) else { throw misunderstood }
            switch reply {
            case .part(let bytes): try part(bytes)
            case .progress(let line): Self.say(line)
            case .done: return
            case .refused(let why): throw fail(why)
            }
        }
    }

    private var misunderstood: ExitCode {
        fail("\(control) answers what is not understood; install kymo and kymographd of one release")
    }

    private static func say(_ line: String) {
        var text = line.visible + "\n"
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
