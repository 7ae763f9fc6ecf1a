import Bus
import CLinuxShim
import EventLoop
import Glibc

/// What a test on a private bus waited for in vain, or lacks.
public struct PrivateBusError: Error { public let what: String }

private func require(_ condition: Bool, _ what: String) throws {
    guard condition else { throw PrivateBusError(what: what) }
}

/// A dbus-daemon of the test's own.
public final class PrivateBus {
    public let address: String
    private let directory: String
    private var process: pid_t = 0

    public init() throws {
        var template = Array("/tmp/kymograph-bus-XXXXXX".utf8) + [0]
        let made = template.withUnsafeMutableBytes { mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        try require(made != nil, "a directory")
        directory = String(decoding: template.dropLast(), as: UTF8.self)
        let configuration = """
            <busconfig><type>session</type><listen>unix:path=\(directory)/bus</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
            <allow own="*"/></policy></busconfig>
            """
        guard let file = fopen("\(directory)/config", "w") else { throw PrivateBusError(what: "a file") }
        fputs(configuration, file)
        fclose(file)
        var ends: [Int32] = [0, 0]
        try require(pipe(&ends) == 0, "a pipe")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        // Started by root it complains of a limit on descriptors that it may not raise.
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        defer { posix_spawn_file_actions_destroy(&actions) }
        let words = ["dbus-daemon", "--nofork", "--nosyslog", "--config-file=\(directory)/config", "--print-address=1"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        try require(posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0, "dbus-daemon")
        close(ends[1])
        // It prints the address when it listens; end of file if it ended instead.
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(ends[0], &bytes, bytes.count)
        close(ends[0])
        try require(count > 1, "dbus-daemon said nothing")
        address = String(decoding: bytes[..<(count - 1)], as: UTF8.self)
    }

    public func kill() {
        guard process > 0 else { return }
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
        process = 0
    }

    deinit {
        kill()
        unlink("\(directory)/bus")
        unlink("\(directory)/config")
        rmdir(directory)
    }
}

/// A connection with a loop of its own, as a program has it: what it does not turn it does not see.
public final class Peer {
    public let loop: EventLoop
    public private(set) var bus: Bus!
    public private(set) var losses: [BusError] = []

    public init(_ address: String) throws {
        loop = try EventLoop()
        bus = try Bus(.address(address), loop: loop) { [unowned self] in losses.append($0) }
    }

    /// Turns this loop, and the others' in between, until it is so.
    public func turn(with others: Peer..., until isSo: () -> Bool) throws {
        let end = kymo_monotonic_microseconds() + 20_000_000
        while !isSo() {
            try require(kymo_monotonic_microseconds() < end, "waited in vain")
            for peer in others { peer.loop.turn(untilMicroseconds: 0) }
            loop.turn(untilMicroseconds: kymo_monotonic_microseconds() + (others.isEmpty ? 1_000_000 : 1_000))
        }
    }

    /// The answer to a call.
    public func ask(
        _ destination: String, _ member: String, _ arguments: [BusValue] = [], timeoutMicroseconds: UInt64 = 20_000_000,
        with others: Peer...
    ) throws -> Result<BusMessage, BusError> {
        var answer: Result<BusMessage, BusError>?
        let parts = member.split(separator: "/")
        bus.call(
            destination, path: "/org/example", interface: String(parts[0]), member: String(parts[1]),
            arguments: arguments, timeoutMicroseconds: timeoutMicroseconds
        ) { answer = $0 }
        let end = kymo_monotonic_microseconds() + 20_000_000
        while answer == nil {
            try require(kymo_monotonic_microseconds() < end, "waited in vain")
            for peer in others { peer.loop.turn(untilMicroseconds: 0) }
            loop.turn(untilMicroseconds: kymo_monotonic_microseconds() + (others.isEmpty ? 1_000_000 : 1_000))
        }
        return answer!
    }

    /// Owns a name.
    public func own(_ name: String) throws {
        _ = try ask(
            "org.freedesktop.DBus", "org.freedesktop.DBus/RequestName", [.string(name), .uint32(4)]
        ).get()
    }

    public func disown(_ name: String) throws {
        _ = try ask("org.freedesktop.DBus", "org.freedesktop.DBus/ReleaseName", [.string(name)]).get()
    }
}

/// Accepts connections by listening, and does nothing with them.
public final class HangingSocket {
    public let path: String
    private let descriptor: Int32

    public init() throws {
        path = "/tmp/kymograph-hanging-\(getpid())"
        unlink(path)
        descriptor = kymo_unix_listen(path, 0, 8)
        try require(descriptor >= 0, "a socket")
    }

    deinit {
        close(descriptor)
        unlink(path)
    }
}
