import CLinuxShim
import Events
import Glibc

/// The subject's terminals: every pseudo terminal of theirs, whichever window shows it. No name tells which one a window
/// shows, and tmux shows one in many.
public final class Terminals {
    /// Programs come and go more slowly than modes: reading them costs a hundred times a look.
    private static let programsMicroseconds: UInt64 = 250_000

    private let list: TerminalList
    private let user = getuid()
    private let directory = "/dev/pts"
    /// Of each terminal's foreground, as last read.
    private var programs: [UInt32: ForegroundPrograms.Kind] = [:]
    private var programsRead: UInt64?

    public init(list: TerminalList) { self.list = list }

    /// One look at all of them.
    public func look() -> EchoSample {
        let now = kymo_monotonic_microseconds()
        if programsRead.map({ now - $0 >= Self.programsMicroseconds }) ?? true {
            programs = ForegroundPrograms.kinds(list)
            programsRead = now
        }
        var sample = EchoSample(timeMicroseconds: kymo_monotonic_microseconds(), state: .clean)
        guard let stream = opendir(directory) else {
            // No devpts, no terminals.
            if errno != ENOENT { sample.state = .unreadable }
            return sample
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = UInt32(name), let state = state(of: number) else { continue }
            sample.state = sample.state.worse(state)
        }
        return sample
    }

    /// Nil: not the subject's, or nobody's any more.
    private func state(of number: UInt32) -> EchoState? {
        let path = "\(directory)/\(number)"
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == user else { return nil }
        let descriptor = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        // EIO: nobody holds the other end.
        guard descriptor >= 0 else { return errno == ENOENT || errno == EIO ? nil : .unreadable }
        defer { close(descriptor) }
        var modes = termios()
        guard tcgetattr(descriptor, &modes) == 0 else { return errno == EIO ? nil : .unreadable }
        let isCanonical = modes.c_lflag & UInt32(ICANON) != 0
        if isCanonical, modes.c_lflag & UInt32(ECHO) == 0 { return .secret }
        return switch programs[number] {
        case .prompt: .secret
        // With its own terminal in line mode it reads for itself.
        case .relay: isCanonical ? .clean : .relayed
        case nil: .clean
        }
    }
}

extension EchoState {
    /// The one that lets less through.
    func worse(_ other: EchoState) -> EchoState {
        let order: [EchoState] = [.clean, .relayed, .unreadable, .secret]
        return order.firstIndex(of: self)! >= order.firstIndex(of: other)! ? self : other
    }
}

/// Programs in the foreground of terminals, by what their names say.
enum ForegroundPrograms {
    enum Kind { case relay, prompt }

    /// By number of the pseudo terminal.
    static func kinds(_ list: TerminalList) -> [UInt32: Kind] {
        var result: [UInt32: Kind] = [:]
        guard let stream = opendir("/proc") else { return result }
        defer { closedir(stream) }
        var buffer = [UInt8](repeating: 0, count: 512)
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.utf8.first.map({ 0x31...0x39 ~= $0 }) ?? false else { continue }
            let descriptor = open("/proc/\(name)/stat", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
            guard count > 0, let process = ProcessStatus(stat: buffer[..<count]), process.isForeground,
                let terminal = process.pseudoTerminal
            else { continue }
            if list.isPrompt(process.name) {
                result[terminal] = .prompt
            } else if list.isRelay(process.name), result[terminal] == nil {
                result[terminal] = .relay
            }
        }
        return result
    }
}
