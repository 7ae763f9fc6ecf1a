import AgentProtocol
import CLinuxShim
import EventLoop
import Glibc
import Logging

/// The agent's end of the socket to kymographd: connects, says hello, sends, and connects again when it breaks.
final class ServicePort {
    private let path: String
    private let loop: EventLoop
    struct Handlers {
        var hello: () -> Hello
        /// It knows nothing yet.
        var welcomed: () -> Void
        var probed: (UInt64) -> Void
        var recording: (RecordingState) -> Void
        /// Of which window's widgets it wants to be told.
        var interactions: (UInt64) -> Void
        var pressed: (UInt64) -> Void
        /// A button was pressed; by which number it asks what it met.
        var clicked: (UInt64) -> Void
        /// It was welcome, and is no longer connected.
        var left: () -> Void
    }

    private let handlers: Handlers
    private var descriptor: Int32 = -1
    private var isWelcome = false
    private var outgoing: [UInt8] = []
    private var received = [UInt8](repeating: 0, count: maximumMessageBytes + 1)
    private let retry: Retry
    private var lastComplaint = ""

    init(path: String, loop: EventLoop, handlers: Handlers) {
        self.path = path
        self.loop = loop
        self.handlers = handlers
        let name = path.split(separator: "/").last.map { String($0) }
        retry = Retry(loop: loop, directory: path.lastIndex(of: "/").map { String(path[..<$0]) }) { $0 == name }
    }

    /// When to try again to connect; nil while connected.
    var deadlineMicroseconds: UInt64? { retry.deadlineMicroseconds }

    func actIfDue() {
        guard retry.isDue else { return }
        let connection = kymo_unix_connect(path, 1)
        guard connection >= 0 else {
            complain("kymographd does not answer on \(path): \(String(cString: strerror(errno))); waiting for it")
            return retry.later()
        }
        do {
            try loop.add(connection) { [unowned self] in receive() }
        } catch {
            close(connection)
            complain("\(error)")
            return retry.later()
        }
        descriptor = connection
        isWelcome = false
        retry.pause()
        transmit(.hello(handlers.hello()))
    }

    /// Drops what cannot be sent before the welcome: the whole state follows it.
    func send(_ message: AgentMessage) {
        if isWelcome { transmit(message) }
    }

    private func transmit(_ message: AgentMessage) {
        outgoing.removeAll(keepingCapacity: true)
        message.encode(into: &outgoing)
        let sent = outgoing.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent < 0 else { return }
        // It may have said why before it hung up.
        if errno == EPIPE || errno == ECONNRESET { receive() }
        // A service that does not take a message has missed one: it must hear everything anew.
        drop("kymographd does not take messages")
    }

    private func receive() {
        while descriptor >= 0 {
            let count = received.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EAGAIN { return }
            // What was said before the other end hung up comes after the news that it did.
            if count < 0, errno == EINTR || errno == ECONNRESET { continue }
            guard count > 0 else { return drop("kymographd closed the connection") }
            do {
                let message = try received.withUnsafeBytes { (bytes) throws(ProtocolError) in
                    try DaemonMessage(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                }
                take(message)
            } catch {
                drop("kymographd says what is not understood: \(error)")
            }
        }
    }

    private func take(_ message: DaemonMessage) {
        switch message {
        case .welcome:
            log(.info, "connected to kymographd")
            lastComplaint = ""
            isWelcome = true
            retry.succeeded()
            handlers.welcomed()
        case .refused(let reason): drop("kymographd refused this agent: \(reason)")
        case .probe(let id): handlers.probed(id)
        case .recording(let state): handlers.recording(state)
        case .interactions(let window): handlers.interactions(window)
        case .click(let number): handlers.clicked(number)
        case .press(let number): handlers.pressed(number)
        }
    }

    private func drop(_ reason: String) {
        guard descriptor >= 0 else { return }
        loop.remove(descriptor)
        close(descriptor)
        descriptor = -1
        let wasWelcome = isWelcome
        isWelcome = false
        complain(reason)
        retry.later()
        if wasWelcome { handlers.left() }
    }

    /// The same trouble every second is one line.
    private func complain(_ text: String) {
        guard text != lastComplaint else { return }
        lastComplaint = text
        log(.notice, text)
    }
}
