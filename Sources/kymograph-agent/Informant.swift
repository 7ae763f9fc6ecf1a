import AgentProtocol
import Focus
import GnomeShell
import PlasmaScript

/// Who tells of the windows of this session's compositor, and by what.
enum Informant {
    /// A protocol of the compositor's own.
    case wayland(WaylandBackend)
    /// The extension in GNOME Shell, which offers no such protocol.
    case shell(GnomeShell)
    /// A script of ours that KWin runs, where it does not offer us its protocol.
    case script(PlasmaScript)

    /// As records and messages call it.
    var name: String {
        switch self {
        case .wayland(let backend): backend.protocolInUse?.name ?? ""
        case .shell: GnomeShell.name
        case .script: PlasmaScript.name
        }
    }

    /// How it comes that it tells; for people.
    var reason: String {
        switch self {
        case .wayland(let backend): "\(backend.compositorName) offers \(backend.protocolInUse?.interface ?? "")"
        case .shell: "Kymograph's extension in GNOME Shell answers on the session's bus"
        case .script: "a script of Kymograph's runs in KWin, which does not offer its protocol: \(desktopFile)"
        }
    }

    /// Whether windows come with their processes.
    var tellsProcesses: Bool {
        switch self {
        case .wayland(let backend): backend.tellsProcesses
        case .shell, .script: true
        }
    }

    func repeatReport() {
        switch self {
        case .wayland(let backend): backend.repeatReport()
        case .shell(let shell): shell.repeatReport()
        case .script(let script): script.repeatReport()
        }
    }

    /// Where the pointer is; nil: this one cannot say, or does not. Answered once.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        switch self {
        case .wayland(let backend): backend.askPointer(answer)
        case .shell(let shell): shell.askPointer(answer)
        case .script(let script): script.askPointer(answer)
        }
    }

    func confirm(probe id: UInt64) throws(FocusError) {
        switch self {
        case .wayland(let backend): try backend.confirm(probe: id)
        case .shell(let shell): shell.confirm(probe: id)
        case .script(let script): script.confirm(probe: id)
        }
    }
}

/// What KWin wants to see before it offers its protocol; for people.
private let desktopFile =
    "it wants kymograph-agent.desktop in a directory of applications, with the path of this program in Exec="

/// Why nobody tells of a compositor's windows; for people.
func lack(of compositor: String, _ shell: GnomeShell?, _ script: PlasmaScript?) -> String {
    switch compositor {
    case "gnome-shell": shell?.reason ?? "there is no session's bus, on which GNOME Shell would tell"
    case "kwin_wayland":
        "\(compositor) does not offer org_kde_plasma_window_management (\(desktopFile)), and runs no script of ours: "
            + (script?.reason ?? "there is no session's bus")
    case "weston":
        "\(compositor) does not offer kymograph_weston_v1 (it does with Kymograph's module of this version: the package "
            + "kymograph-weston, and modules=kymograph.so under [core] in weston.ini)"
    default: "\(compositor) does not offer \(WaylandBackend.interfaces)"
    }
}
