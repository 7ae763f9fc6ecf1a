import Bus

/// What GNOME Shell says of our extension, of which it has two builds and can load one.
enum ExtensionState {
    static let legacy = "kymograph-legacy@kymograph.org"
    static let modern = "kymograph@kymograph.org"

    /// Of each build its state (ExtensionState in the shell's extensionUtils); 0: the shell does not know it.
    typealias States = [String: Int]

    static func ask(_ bus: Bus, of owner: String, answered: @escaping (States) -> Void) {
        var states: States = [:]
        for uuid in [modern, legacy] {
            bus.call(
                owner, path: "/org/gnome/Shell", interface: "org.gnome.Shell.Extensions", member: "GetExtensionInfo",
                arguments: [.string(uuid)], timeoutMicroseconds: GnomeShell.timeoutMicroseconds
            ) { answer in
                let info = (try? answer.get()).flatMap { try? $0[0, as: [String: BusValue].self] }
                if case .double(let number)? = info?["state"]?.unwrapped, number.isFinite, abs(number) < 1000 {
                    states[uuid] = Int(number)
                } else {
                    states[uuid] = 0
                }
                if states.count == 2 { answered(states) }
            }
        }
    }

    /// One sentence, with what mends it.
    static func reason(_ states: States) -> String {
        let outdated = 4
        let fitting = [modern, legacy].first { states[$0, default: 0] != 0 && states[$0] != outdated }
        guard let uuid = fitting else {
            return states.values.contains(outdated)
                ? "Kymograph's extension is not made for this version of GNOME Shell"
                : "GNOME Shell does not know Kymograph's extension: log out and in, it looks for new ones when it starts"
        }
        return switch states[uuid] {
        case 3: "GNOME Shell could not load \(uuid): gnome-extensions info \(uuid)"
        case 1: "\(uuid) is loaded and does not answer"
        default: "GNOME Shell's extension is switched off: gnome-extensions enable \(uuid)"
        }
    }
}
