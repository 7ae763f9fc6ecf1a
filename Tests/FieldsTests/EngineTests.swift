import Glibc
import Testing

@testable import Fields

@Suite struct EngineTests {
    @Test(arguments: [
        ("", false), ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libQt5Widgets.so.5.15.8\n", false),
        ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libQt5WebEngineCore.so.5.15.13\n", true),
        ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libwebkit2gtk-4.1.so.0.2.1\n", true),
    ])
    func librariesOfEngines(maps: String, areLoaded: Bool) {
        #expect(Engines.areNamed(in: Array(maps.utf8)) == areLoaded)
    }

    @Test func aProcessThatCannotBeLookedAtMayHaveOne() {
        #expect(Engines.look(in: getpid()) == (false, .libraries))
        #expect(Engines.look(in: -1) == (true, .processes))
    }

    /// What decides where the kernel does not show the libraries. Each says `ready` when it is what it is to be.
    @Test(
        arguments: [
            ("one process", ["sh", "-c", "echo ready; read line"], false),
            ("with a process of its own", ["sh", "-c", "tail -f --pid=$$ /dev/null & echo ready; read line"], true),
            ("with one that has ended", ["python3", "-c", ended], false),
            ("a terminal", ["script", "-qfc", "echo ready; read line", "/dev/null"], false),
            (
                "Chromium in one process",
                ["sh", "-c", "printf Chrome_InProcRe > /proc/self/comm; echo ready; read line"], true
            ),
        ] as [(String, [String], Bool)])
    func processesOfEngines(what: String, words: [String], areSuspected: Bool) throws {
        let app = try Program(words)
        try app.waitFor("ready")
        #expect(Engines.mayBeBelow(app.process) == areSuspected, "\(what)")
    }

    /// As Flatpak's: its engine's processes are not its children.
    @Test func anAppInASandboxMayHaveOne() throws {
        let app = try Program(["unshare", "--user", "sh", "-c", "echo ready; read line"])
        do {
            try app.waitFor("ready")
        } catch {
            return print("skipped: an app in a sandbox; the kernel makes no user namespace here, as below a chroot")
        }
        #expect(Engines.mayBeBelow(app.process))
    }
}

/// A child that nobody has looked after yet.
private let ended = """
    import os
    child = os.fork() or os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    print("ready", flush=True)
    input()
    """

private struct ProgramError: Error, CustomStringConvertible {
    var description: String
}

/// A program that runs until this is gone, at the other end of two pipes.
private final class Program {
    private(set) var process: pid_t = 0
    private var input: [Int32] = [0, 0]
    private var output: [Int32] = [0, 0]
    private let name: String

    init(_ words: [String]) throws {
        name = words[0]
        guard pipe(&input) == 0, pipe(&output) == 0 else {
            throw ProgramError(description: "no pipes: \(String(cString: strerror(errno)))")
        }
        // The other ends are nobody else's, so that each end of file is seen.
        for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let outcome = posix_spawnp(&process, name, &actions, nil, &arguments, environ)
        guard outcome == 0 else { throw ProgramError(description: "\(name): \(String(cString: strerror(outcome)))") }
        close(input[0])
        close(output[1])
    }

    func waitFor(_ word: String) throws {
        var said: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 256)
        while !String(decoding: said, as: UTF8.self).contains(word) {
            let count = read(output[0], &part, part.count)
            guard count > 0 else {
                throw ProgramError(description: "\(name) ended, having said \(String(decoding: said, as: UTF8.self))")
            }
            said += part[..<count]
        }
    }

    deinit {
        close(input[1])
        close(output[0])
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
