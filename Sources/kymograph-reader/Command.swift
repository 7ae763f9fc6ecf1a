import CLinuxShim
import Glibc

/// A `kymo` that runs on somebody's behalf, and writes where they said.
struct Command {
    private let process: pid_t

    /// - Returns: nil: it could not be started.
    init?(_ arguments: [String], output: Int32, errors: Int32, isColored: Bool) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Everything else is closed on exec.
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Nothing of the caller's environment: TZ, for one, names a file to be read.
        var environment = Self.copies(["PATH=/usr/bin", "TERM=\(isColored ? "xterm" : "dumb")"])
        var words = Self.copies(["kymo"] + arguments)
        defer { for pointer in environment + words { free(pointer) } }
        var started: pid_t = 0
        guard posix_spawn(&started, "/usr/bin/kymo", &actions, nil, &words, &environment) == 0 else { return nil }
        process = started
    }

    /// As C wants them: ended by nothing, and the caller's to free.
    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { text in strdup(text) } + [nil]
    }

    /// Waits until it is done, or until the one who asked is gone, whom nobody reads for any more.
    /// - Returns: its exit code; nil: it was ended.
    func wait(whileOpen connection: Int32) -> UInt8? {
        let handle = kymo_process_descriptor(process)
        defer { if handle >= 0 { close(handle) } }
        var ended = false
        while handle >= 0, !ended {
            // A packet that nobody asked for ends it as well: there is nothing more to say.
            var descriptors = [
                pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
                pollfd(fd: connection, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&descriptors, 2, -1) > 0 else { continue }
            if descriptors[0].revents != 0 { break }
            ended = true
            kill(process, SIGKILL)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // WIFEXITED, WEXITSTATUS.
        return ended || status & 0x7F != 0 ? nil : UInt8(status >> 8 & 0xFF)
    }
}
