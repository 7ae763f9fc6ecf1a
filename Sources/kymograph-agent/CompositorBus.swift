import AgentProtocol
import Bus
import Focus
import GnomeShell
import Indicator
import Logging
import PlasmaScript

/// What the session's bus brings of the compositor: GNOME Shell's extension, KWin's script, layouts and settings of Plasma's.
extension Compositor {
    func busCame(_ bus: Bus) {
        do {
            plasmaLayouts = try PlasmaLayouts(
                bus: bus, told: { [unowned self] in groupOnBus($0.map(ActiveGroup.told) ?? .open) },
                absent: { [unowned self] in groupOnBus(.untold) })
            plasmaDevices = try PlasmaDevices(bus: bus, loop: loop) { [unowned self] in settingsTold($0, by: .plasma) }
            shell = try gnomeShell(bus)
            script = try plasmaScript(bus)
            introduce()
        } catch {
            log(.notice, "\(error); the active layout is known only where there is but one")
        }
    }

    func busLeft() {
        plasmaLayouts = nil
        plasmaDevices = nil
        settingsTold(nil, by: .plasma)
        settingsTold(nil, by: .shell)
        let hadInformant = informantOnBus != nil
        shell = nil
        script = nil
        handlers.panel(nil)
        groupOnBus(.untold)
        if hadInformant { informantChanged() }
    }

    private func groupOnBus(_ group: ActiveGroup) { change { $0.onBus = group } }

    // MARK: GNOME Shell

    private func gnomeShell(_ bus: Bus) throws(BusError) -> GnomeShell {
        try GnomeShell(
            bus: bus,
            handlers: GnomeShell.Handlers(
                phase: { [unowned self] in shellChanged() },
                focus: { [unowned self] in if case .shell = informant { send(.focus($0)) } },
                place: { [unowned self] in if case .shell = informant { placed($0) } },
                purpose: { [unowned self] in handlers.purpose($0) },
                group: { [unowned self] in groupOnBus($0.map { .told(ActiveLayout(group: $0)) } ?? .open) },
                watermark: { [unowned self] in if case .shell = informant { answered($0) } },
                seen: { [unowned self] in handlers.panel($0 ? .shown : .hidden($1)) },
                clicked: { [unowned self] in handlers.panelClicked() },
                settings: { [unowned self] in settingsTold($0, by: .shell) }))
    }

    private func shellChanged() {
        guard let shell else { return }
        switch shell.phase {
        case .usable: handlers.panel(.pending("the panel has not drawn it yet"))
        case .asking: break
        case .absent: handlers.panel(nil)
        case .lacking(let reason): handlers.panel(.hidden(reason))
        }
        if shell.phase != .usable { groupOnBus(.untold) }
        if backend?.phase == .lacking, shell.phase != .asking { informantChanged() }
    }

    func showInPanel(_ presentation: Presentation) {
        let symbol: UInt8 =
            switch presentation.symbol {
            case .recording: 0
            case .paused: 1
            case .off: 2
            }
        shell?.show(symbol: symbol, text: presentation.text, isPending: presentation.isPending)
    }

    // MARK: KWin's script

    private func plasmaScript(_ bus: Bus) throws(BusError) -> PlasmaScript {
        try PlasmaScript(
            bus: bus, loop: loop, directory: Surroundings.runtimeDirectory,
            handlers: PlasmaScript.Handlers(
                phase: { [unowned self] in
                    guard backend?.phase == .lacking, let script, script.phase != .asking else { return }
                    informantChanged()
                }, focus: { [unowned self] in if case .script = informant { send(.focus($0)) } },
                place: { [unowned self] in if case .script = informant { placed($0) } },
                watermark: { [unowned self] in if case .script = informant { answered($0) } }))
    }

    /// Leaves nothing behind.
    func end() { script?.end() }
}
