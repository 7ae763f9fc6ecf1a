import AgentProtocol
import Focus
import GnomeShell

/// Who tells of the windows of this session's compositor, and by what.
enum Informant {
    /// A protocol of the compositor's own.
    case wayland(WaylandBackend)
    /// The extension in GNOME Shell, which offers no such protocol.
    case shell(GnomeShell)

    /// As records and messages call it.
    var name: String {
        switch self {
        case .wayland(let backend): backend.protocolInUse?.name ?? ""
        case .shell: GnomeShell.name
        }
    }

    /// How it comes that it tells; for people.
    var reason: String {
        switch self {
        case .wayland(let backend): "\(backend.compositorName) offers \(backend.protocolInUse?.interface ?? "")"
        case .shell: "Kymograph's extension in GNOME Shell answers on the session's bus"
        }
    }

    /// Whether windows come with their processes.
    var tellsProcesses: Bool {
        switch self {
        case .wayland(let backend): backend.tellsProcesses
        case .shell: true
        }
    }

    func repeatReport() {
        switch self {
        case .wayland(let backend): backend.repeatReport()
        case .shell(let shell): shell.repeatReport()
        }
    }

    /// Where the pointer is; nil: this one cannot say, or does not. Answered once.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        switch self {
        case .wayland(let backend): backend.askPointer(answer)
        case .shell(let shell): shell.askPointer(answer)
        }
    }

    func confirm(probe id: UInt64) throws(FocusError) {
        switch self {
        case .wayland(let backend): try backend.confirm(probe: id)
        case .shell(let shell): shell.confirm(probe: id)
        }
    }
}

/// Why nobody tells of a compositor's windows; for people.
func lack(of compositor: String, _ shell: GnomeShell?) -> String {
    switch compositor {
    case "gnome-shell": shell?.reason ?? "there is no session's bus, on which GNOME Shell would tell"
    case "kwin_wayland":
        "\(compositor) does not offer \(WaylandBackend.interfaces) (it does to those whose .desktop file asks for it: "
            + "kymograph-agent.desktop in a directory of applications, with the path of this program in Exec=)"
    case "weston":
        "\(compositor) does not offer kymograph_weston_v1 (it does with Kymograph's module of this version: the package "
            + "kymograph-weston, and modules=kymograph.so under [core] in weston.ini)"
    default: "\(compositor) does not offer \(WaylandBackend.interfaces)"
    }
}
