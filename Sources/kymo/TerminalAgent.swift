import Glibc

/// polkit's own agent for terminals, for as long as this command asks for something that needs a password: it asks here,
/// where the person has just read the notice, also where the desktop has an agent of its own.
///
/// Not `--fallback`, which would leave it to that one: polkit 122 (Debian 12) finds no agent at all for a process outside
/// every session, though a fallback is registered for it.
final class TerminalAgent {
    private var process: pid_t = 0

    /// Waits until it is there, or says that it is not needed. Without one polkit will say that nobody can be asked.
    init() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        defer { posix_spawn_file_actions_destroy(&actions) }
        // It prompts at /dev/tty. Why it cannot, polkit's refusal tells, in words that kymographd chooses.
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = ["pkttyagent", "--process", "\(getpid())", "--notify-fd", "\(ends[1])"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let result = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        close(ends[1])
        guard result == 0 else {
            process = 0
            return
        }
        // It closes its end when it is registered, and when it ends.
        var byte: UInt8 = 0
        _ = read(ends[0], &byte, 1)
    }

    func stop() {
        guard process > 0 else { return }
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
        process = 0
    }
}
