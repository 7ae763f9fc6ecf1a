import Events
import Testing

@testable import Fields

@Suite struct TerminalTests {
    @Test(
        arguments: [
            ("1234 (sudo) S 1 1234 1200 34818 1234 4194560 0", "sudo", true, 2),
            ("1234 (a (b) c) S 1 1234 1200 34816 99 4194560 0", "a (b) c", false, 0),
            ("1234 (bash) S 1 1234 1200 0 -1 4194560 0", "bash", false, nil),
            // A text console.
            ("1234 (bash) S 1 1234 1200 1025 1234 4194560 0", "bash", true, nil),
            // Number 256: the minor's upper bits are kept elsewhere.
            ("1 (ssh) S 1 1 1 1083392 1 0", "ssh", true, 256),
        ] as [(String, String, Bool, UInt32?)])
    func whatAProcessIsOnItsTerminal(stat: String, name: String, isForeground: Bool, terminal: UInt32?) throws {
        let process = try #require(ProcessStatus(stat: Array(stat.utf8)))
        #expect(process.name == name)
        #expect(process.isForeground == isForeground)
        #expect(process.pseudoTerminal == terminal)
    }

    @Test(arguments: ["", "1234", "1234 (sudo", "1234 (sudo) S 1 2", ")(", "1 (a) S 1 1 1 x 1"])
    func whatIsNoProcess(stat: String) {
        #expect(ProcessStatus(stat: Array(stat.utf8)) == nil)
    }

    @Test(arguments: [
        ("foot", true), ("footclient", true), ("Alacritty", true), ("org.gnome.Terminal", true),
        ("org.kde.konsole", true),
        ("xfce4-terminal", true), ("code", true), ("jetbrains-idea", true), ("firefox", false), ("football", false),
        ("org.gnome.Nautilus", false), ("", false),
    ])
    func apps(app: String, isTerminal: Bool) {
        #expect(TerminalList().isTerminal(app) == isTerminal)
    }

    @Test func theFileAddsAndTakesNothingAway() {
        var list = TerminalList()
        let problems = list.add(
            """
            # ours
            app My.Shell*   # a comment
            prompt our-very-long-password-asker
            relay jump
            app
            nonsense foot

            """)
        #expect(problems.map { $0.prefix(2) } == ["5:", "6:"])
        #expect(list.isTerminal("my.shell.Window"))
        #expect(list.isTerminal("foot"))
        #expect(list.isPrompt("our-very-long-p"))
        #expect(list.isRelay("jump") && list.isRelay("ssh"))
    }

    @Test(arguments: EchoState.allCases, EchoState.allCases) func theWorstOfAllTerminalsCounts(
        a: EchoState, b: EchoState
    ) {
        #expect(a.worse(b) == b.worse(a))
        #expect(a.worse(a) == a)
        if a == .secret || b == .secret { #expect(a.worse(b) == .secret) }
        if a == .clean { #expect(a.worse(b) == b) }
    }
}
