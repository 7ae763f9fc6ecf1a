import Events
import Glibc

/// Which apps have terminals in them, and what the programs are called whose prompts termios does not show.
///
/// Shipped, and added to by `/etc/kymograph/terminals` (`app GLOB`, `prompt NAME`, `relay NAME`, a line each; `#` begins a
/// comment). Nothing can be taken away.
public struct TerminalList: Sendable {
    public static let defaultPath = "/etc/kymograph/terminals"

    /// App ids, in lower case. The last lines are editors and file managers that have terminals in them.
    public static let shippedApps = [
        "foot", "footclient", "foot-*", "alacritty*", "kitty*", "*wezterm*", "*ghostty*", "*ptyxis*",
        "org.gnome.console",
        "kgx", "*konsole*", "*yakuake*", "*terminal*", "*lxterm*", "*qterm*", "terminator*", "*tilix*", "*terminology*",
        "xterm*", "uxterm", "*urxvt*", "*rxvt*", "st", "st-*", "sakura", "termite", "guake*", "tilda", "*blackbox*",
        "rio",
        "contour*", "*cool-retro-term*", "havoc", "*tabby*", "*hyper*", "cosmic-term", "com.system76.cosmicterm",
        "code", "code-*", "codium*", "vscodium*", "*jetbrains*", "emacs*", "org.kde.kate", "org.kde.dolphin",
        "org.kde.kdevelop", "org.gnome.builder", "dev.zed.zed*", "cursor", "neovide", "gvim",
    ]

    /// Programs that ask for a secret with echo, or with stars of their own: to termios they look like any other.
    public static let shippedPrompts = [
        "pinentry", "pinentry-curses", "pinentry-tty", "systemd-ask-password", "systemd-tty-ask-password-agent",
        "whiptail", "dialog", "bw",
        "op", "gopass", "rbw", "askpass", "keyctl",
    ]

    /// Programs that hand keys on to another machine, or to a terminal of another user.
    public static let shippedRelays = [
        "ssh", "mosh", "mosh-client", "autossh", "telnet", "rlogin", "et", "tsh", "sudo", "su", "doas", "run0",
        "pkexec",
        "machinectl", "docker", "podman", "kubectl", "oc", "nsenter", "lxc", "incus", "virsh", "minicom", "picocom",
        "screen", "cu", "socat", "nc", "waypipe", "toolbox", "distrobox", "adb", "gcloud", "aws", "vagrant",
    ]

    private var apps: [AppGlob]
    private var prompts: Set<String>
    private var relays: Set<String>

    public init() {
        apps = Self.shippedApps.compactMap(AppGlob.init)
        prompts = Set(Self.shippedPrompts.map(\.cutTo15))
        relays = Set(Self.shippedRelays.map(\.cutTo15))
    }

    public func isTerminal(_ appID: String) -> Bool {
        let name = appID.lowercased()
        return apps.contains { $0.matches(name) }
    }

    public func isPrompt(_ program: String) -> Bool { prompts.contains(program) }
    public func isRelay(_ program: String) -> Bool { relays.contains(program) }

    /// Adds the lines of a text.
    /// - Returns: what is wrong with it, a line each. What is right is taken all the same: it only takes away.
    public mutating func add(_ text: String) -> [String] {
        var problems: [String] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map(String.init)
            guard !words.isEmpty else { continue }
            let name = words.count == 2 ? words[1].cutTo15 : ""
            switch words[0] {
            case "app" where words.count == 2:
                if let glob = AppGlob(words[1].lowercased()) { apps.append(glob) }
            case "prompt" where words.count == 2: prompts.insert(name)
            case "relay" where words.count == 2: relays.insert(name)
            default: problems.append("\(index + 1): expected \"app GLOB\", \"prompt NAME\" or \"relay NAME\"")
            }
        }
        return problems
    }

    /// The shipped list and that file, if there is one.
    public static func load(_ path: String = defaultPath, complain: (String) -> Void) -> TerminalList {
        var list = TerminalList()
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno != ENOENT { complain("\(path) cannot be read: \(String(cString: strerror(errno)))") }
            return list
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        for problem in list.add(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)) {
            complain("\(path):\(problem)")
        }
        return list
    }
}

extension String {
    /// The kernel keeps 15 bytes of a program's name.
    fileprivate var cutTo15: String { String(decoding: utf8.prefix(15), as: UTF8.self) }
}
