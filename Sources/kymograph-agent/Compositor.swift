import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Events
import Focus
import Glibc
import GnomeShell
import Indicator
import Logging
import PlasmaScript

/// The compositor of this session, as it comes and goes.
final class Compositor {
    private static let patienceMicroseconds: UInt64 = 5_000_000

    struct Handlers {
        var send: (AgentMessage) -> Void
        /// What GNOME Shell knows of the text that the focused field takes.
        var purpose: (ContentPurpose) -> Void
        /// The indicator in GNOME Shell's panel: whether it is seen; nil where there is none to be had.
        var panel: (Presence.Means?) -> Void
        var panelClicked: () -> Void
    }

    private let loop: EventLoop
    private let handlers: Handlers
    private var backend: WaylandBackend?
    private var sway: SwayIPC?
    private var plasmaLayouts: PlasmaLayouts?
    private var plasmaDevices: PlasmaDevices?
    private var settings = DesktopSettings()
    private var shell: GnomeShell?
    private var script: PlasmaScript?
    /// The service has asked where the pointer is.
    private var wantsPointer = false
    /// What came over the bus: in force where the compositor itself does not tell.
    private var groupOnBus = ActiveGroup.untold
    private var keymap: Keymap?
    /// By sway's socket, or the module in Weston.
    private var group = ActiveGroup.untold
    /// Asked while there was nobody to ask: answered when there is.
    private var openProbes: [UInt64] = []
    private var places = PlacePace()
    private let retry: Retry
    /// When to say that a compositor which took the connection does not answer; nothing else depends on it.
    private var silenceMicroseconds: UInt64?
    private var lastDoubt: String?
    private var lastComplaint = "no compositor has answered yet"

    init(loop: EventLoop, handlers: Handlers) {
        self.loop = loop
        self.handlers = handlers
        retry = Retry(loop: loop, directory: Surroundings.runtimeDirectory) { $0.hasPrefix("wayland-") }
    }

    var deadlineMicroseconds: UInt64? {
        [retry.deadlineMicroseconds ?? silenceMicroseconds, places.deadlineMicroseconds].compactMap(\.self).min()
    }

    private func send(_ message: AgentMessage) { handlers.send(message) }

    /// A protocol of the compositor's own goes before extension and script, which are asked only where there is none.
    private var informant: Informant? {
        guard let backend else { return nil }
        return switch backend.phase {
        case .asking: nil
        case .usable: .wayland(backend)
        case .lacking: informantOnBus
        }
    }

    private var informantOnBus: Informant? {
        if let shell, shell.phase == .usable { return .shell(shell) }
        if let script, script.phase == .usable { return .script(script) }
        return nil
    }

    var hello: Hello { Hello(backend: informant?.name ?? "none", compositor: backend?.compositorName ?? "") }

    /// Whether it says which process a window is of; that follows the window by a moment.
    var tellsProcesses: Bool { sway != nil || informant?.tellsProcesses == true }

    /// A service that knows nothing, and has asked nothing yet.
    func serviceCame() {
        openProbes.removeAll()
        backend?.forgetProbes()
        wantsPointer = false
        introduce()
        tellAll()
    }

    /// Everything that is known.
    private func tellAll() {
        tellLayout()
        tellOutputs()
        send(.settings(settings.report))
        guard let informant else {
            send(.backendState(BackendState(isUsable: false, backend: "none", reason: lastComplaint)))
            return send(.focus(FocusReport(timeMicroseconds: kymo_monotonic_microseconds(), state: .unknown)))
        }
        send(.backendState(BackendState(isUsable: true, backend: informant.name, reason: informant.reason)))
        informant.repeatReport()
    }

    /// Answered when there is somebody to ask.
    func probe(_ id: UInt64) {
        openProbes.append(id)
        guard let informant else { return }
        do {
            try informant.confirm(probe: id)
        } catch {
            lose("\(error)")
        }
    }

    /// Answered at once where nobody can say.
    func askPointer(_ number: UInt64) {
        let answer: (PointerWord?) -> Void = { [weak self] in
            self?.send(.pointerPlace(PointerPlaceReport(number: number, word: $0)))
        }
        guard let informant else { return answer(nil) }
        guard case .wayland = informant, isKWin, let script else { return informant.askPointer(answer) }
        // KWin's protocol does not say. Its script does, once somebody wants to know: from the second press on.
        wantsPointer = true
        introduce()
        script.askPointer(answer)
    }

    private func placed(_ report: WindowPlaceReport) {
        if let due = places.take(report, nowMicroseconds: kymo_monotonic_microseconds()) { send(.windowPlace(due)) }
    }

    func actIfDue() {
        if let due = places.takeDue(nowMicroseconds: kymo_monotonic_microseconds()) { send(.windowPlace(due)) }
        if retry.isDue { connect() }
        if let silence = silenceMicroseconds, kymo_monotonic_microseconds() >= silence {
            silenceMicroseconds = nil
            complain("\(compositorName) took the connection but does not answer; the focus is unknown until it does")
            tellAll()
        }
    }

    private var isKWin: Bool { compositorName == "kwin_wayland" }

    private var compositorName: String { backend?.compositorName ?? "the compositor" }

    private func connect() {
        guard let displayName = Surroundings.displayName else {
            complain("no Wayland session: WAYLAND_DISPLAY is not set, and there is not exactly one socket to choose")
            return retry.later()
        }
        do {
            let made = try WaylandBackend(
                displayName: displayName,
                handlers: WaylandBackend.Handlers(
                    phase: { [unowned self] in phaseChanged() },
                    focus: { [unowned self] in
                        send(.focus($0))
                        noteDoubt()
                    }, place: { [unowned self] in placed($0) },
                    keymap: { [unowned self] in
                        keymap = $0
                        sway?.askLayout()
                        tellLayout()
                    }, group: { [unowned self] in groupTold($0.map { ActiveLayout(group: $0) }) },
                    watermark: { [unowned self] in answered($0) },
                    outputs: { [unowned self] in send(.outputs($0)) },
                    processWanted: { [unowned self] in sway?.askFocused() }))
            try loop.add(made.fileDescriptor) { [unowned self] in dispatch() }
            backend = made
        } catch {
            complain("\(error)")
            return retry.later()
        }
        retry.pause()
        silenceMicroseconds = kymo_monotonic_microseconds() + Self.patienceMicroseconds
    }

    /// For people: the report itself says no more than that the focus is unknown.
    private func noteDoubt() {
        guard let backend, backend.launcherDoubt != lastDoubt else { return }
        lastDoubt = backend.launcherDoubt
        log(.info, lastDoubt.map { "the focus is unknown: \($0)" } ?? "the focus is known again")
    }

    /// This process has connected to it by itself, for the badge.
    func processConnected() { backend?.processConnected() }

    private func answered(_ mark: Watermark) {
        openProbes.removeAll { $0 <= mark.probe }
        send(.watermark(mark))
    }

    private func phaseChanged() {
        silenceMicroseconds = nil
        retry.succeeded()
        if backend?.phase == .usable { connectSway() }
        introduce()
        informantChanged()
    }

    /// Those on the bus learn which process they have to be. KWin runs a script only where its protocol does not tell.
    private func introduce() {
        shell?.compositor(pid: backend?.compositorPID)
        let needsScript = isKWin && (backend?.phase == .lacking || wantsPointer)
        script?.compositor(pid: needsScript ? backend?.compositorPID : nil)
    }

    private func informantChanged() {
        if let informant {
            lastComplaint = ""
            log(.notice, "focus from \(informant.name): \(informant.reason)")
        } else if backend?.phase == .lacking, script?.phase != .asking {
            let reason = lack(of: compositorName, shell, script)
            complain("\(reason); the focus stays unknown and no keys are recorded on this desktop")
        }
        tellAll()
        guard informant != nil else { return }
        let probes = openProbes
        openProbes.removeAll()
        probes.forEach(probe)
    }

    private func dispatch() {
        do {
            try backend?.dispatch()
        } catch {
            lose("\(error)")
        }
    }

    private func lose(_ reason: String) {
        guard let old = backend else { return }
        loop.remove(old.fileDescriptor)
        backend = nil
        introduce()
        lastDoubt = nil
        keymap = nil
        silenceMicroseconds = nil
        closeSway()
        complain("\(reason); the focus is unknown until it is back")
        tellAll()
        retry.later()
    }

    // MARK: sway's extras

    private func connectSway() {
        guard let backend, let directory = Surroundings.runtimeDirectory else { return }
        sway = SwayIPC(
            compositorPID: backend.compositorPID, runtimeDirectory: directory,
            handlers: SwayIPC.Handlers(
                focused: { [unowned self] in note(pid: $1, of: $0) },
                layout: { [unowned self] in groupTold($0) }, settings: { [unowned self] in settingsTold($0, by: .sway) }
            ))
        guard let sway else { return }
        group = .open
        do {
            try loop.add(sway.descriptor) { [unowned self] in
                guard self.sway?.dispatch() == false else { return }
                log(.notice, "sway's socket is closed or not understood; no pids, and the layout only where it is one")
                closeSway()
                tellLayout()
            }
            log(.info, "pid and layout from sway's socket")
        } catch {
            self.sway = nil
            group = .untold
        }
    }

    private func note(pid: Int32, of appID: String?) {
        do {
            try backend?.noteProcess(appID: appID, pid: pid)
        } catch {
            lose("\(error)")
        }
    }

    private func closeSway() {
        group = .untold
        guard let old = sway else { return }
        loop.remove(old.descriptor)
        sway = nil
        settingsTold(nil, by: .sway)
    }

    // MARK: GNOME Shell

    private func gnomeShell(_ bus: Bus) throws(BusError) -> GnomeShell {
        try GnomeShell(
            bus: bus,
            handlers: GnomeShell.Handlers(
                phase: { [unowned self] in shellChanged() },
                focus: { [unowned self] in if case .shell = informant { send(.focus($0)) } },
                place: { [unowned self] in if case .shell = informant { placed($0) } },
                purpose: { [unowned self] in handlers.purpose($0) },
                group: { [unowned self] in busTold($0.map { .told(ActiveLayout(group: $0)) } ?? .open) },
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
        if shell.phase != .usable, groupOnBus != .untold { busTold(.untold) }
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

    private func settingsTold(_ choices: [DeviceChoice]?, by source: DesktopSettings.Source) {
        if let report = settings.take(choices, from: source) { send(.settings(report)) }
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

    // MARK: layout

    /// By the compositor itself; nil: it cannot say.
    private func groupTold(_ layout: ActiveLayout?) {
        let told = layout.map(ActiveGroup.told) ?? .open
        guard group != told else { return }
        group = told
        tellLayout()
    }

    func busCame(_ bus: Bus) {
        do {
            plasmaLayouts = try PlasmaLayouts(
                bus: bus, told: { [unowned self] in busTold($0.map(ActiveGroup.told) ?? .open) },
                absent: { [unowned self] in busTold(.untold) })
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
        busTold(.untold)
        if hadInformant { informantChanged() }
    }

    private func busTold(_ group: ActiveGroup) {
        guard groupOnBus != group else { return }
        groupOnBus = group
        if group == .untold { tellLayout() }
    }

    /// Without a compositor there are none; one that has not said yet what it offers may have any.
    private func tellOutputs() {
        guard let backend else { return send(.outputs(OutputsReport(outputs: []))) }
        backend.repeatOutputs()
    }

    private func tellLayout() {
        guard let keymap, let known = (group == .untold ? groupOnBus : group).inForce(of: keymap),
            let table = keymap.table(group: known)
        else {
            let description = LayoutDescription(isKnown: false, keymapHash: keymap?.hash ?? 0)
            return send(.layout(LayoutReport(description: description, table: nil)))
        }
        let description = LayoutDescription(
            isKnown: true, name: keymap.groupName(known), group: known, keymapHash: keymap.hash)
        send(.layout(LayoutReport(description: description, table: table)))
    }

    private func complain(_ text: String) {
        guard text != lastComplaint else { return }
        lastComplaint = text
        log(.notice, text)
    }
}
