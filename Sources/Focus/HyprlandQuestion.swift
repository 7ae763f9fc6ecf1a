import EventLoop
import FoundationEssentials
import Glibc

/// A question to Hyprland, which has a connection of its own: the answer is all that comes until its end.
final class HyprlandQuestion {
    private static let answerLimit = 4 << 20

    private let descriptor: Int32
    private let loop: EventLoop
    private var received: [UInt8] = []
    private var answered: ((Data?) -> Void)?

    /// Takes the descriptor over.
    init(_ descriptor: Int32, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit { close(descriptor) }

    /// The question goes out at once: Hyprland waits, with everything else, until whoever has connected has asked.
    /// - Parameter answered: called once, from the loop; nil: there is no answer. Not called where this returns false.
    func ask(_ request: String, answered: @escaping (Data?) -> Void) -> Bool {
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return false }
        do {
            try loop.add(descriptor) { [weak self] in self?.read() }
        } catch {
            return false
        }
        self.answered = answered
        return true
    }

    /// Nobody wants to know any more.
    func end() { finish(nil) }

    private func read() {
        switch receive(from: descriptor, into: &received) {
        case .bytes: if received.count > Self.answerLimit { finish(nil) }
        case .nothing: break
        case .end: finish(Data(received))
        case .failure: finish(nil)
        }
    }

    private func finish(_ answer: Data?) {
        guard let answered else { return }
        self.answered = nil
        loop.remove(descriptor)
        answered(answer)
    }
}
