import CLinuxShim
import EventLoop
import Glibc

/// Answers every connection with one line of JSON and closes it. The line has figures, never content, so anybody on
/// the machine may ask.
final class StatusPort {
    private let listener: ListeningSocket

    init(path: String, loop: EventLoop, line: @escaping () -> String) throws {
        listener = try ListeningSocket(path: path, isSequenced: false)
        try loop.add(listener.descriptor) { [unowned self] in
            while let connection = listener.accept() {
                var answer = line() + "\n"
                // A line is far smaller than a socket's buffer, so that a peer that does not read delays nothing.
                _ = answer.withUTF8 { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                close(connection)
            }
        }
    }
}
