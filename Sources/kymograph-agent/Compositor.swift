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

    let loop: EventLoop
    let handlers: Handlers
    private(set) var backend: WaylandBackend?
    var ownSocket: (any CompositorSocket)?
    var plasmaLayouts: PlasmaLayouts?
    var plasmaDevices: PlasmaDevices?
    private var settings = DesktopSettings()
    var shell: GnomeShell?
    var script: PlasmaScript?
    /// The service has asked where the pointer is.
    private var wantsPointer = false
    var layout = SeatLayout()
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
        [
            retry.deadlineMicroseconds ?? silenceMicroseconds, places.deadlineMicroseconds,
            ownSocket?.deadlineMicroseconds,
        ].compactMap(\.self).min()
    }

    func send(_ message: AgentMessage) { handlers.send(message) }

    /// A protocol of the compositor's own goes before extension and script, which are asked only where there is none.
    var informant: Informant? {
        guard let backend else { return nil }
        return switch backend.phase {
        case .asking: nil
        case .usable: .wayland(backend)
        case .lacking: informantOnBus
        }
    }

    var informantOnBus: Informant? {
        if let shell, shell.phase == .usable { return .shell(shell) }
        if let script, script.phase == .usable { return .script(script) }
        return nil
    }

    var hello: Hello { Hello(backend: informant?.name ?? "none", compositor: backend?.compositorName ?? "") }

    /// Whether it says which process a window is of; that follows the window by a moment.
    var tellsProcesses: Bool { ownSocket != nil || informant?.tellsProcesses == true }

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
        // Of a window that was dragged nobody has said anything.
        focusedMoved()
        guard case .wayland = informant else { return informant.askPointer(answer) }
        if let ownSocket { return ownSocket.askPointer(answer) }
        guard isKWin, let script else { return informant.askPointer(answer) }
        // KWin's protocol does not say. Its script does, once somebody wants to know: from the second press on.
        wantsPointer = true
        introduce()
        script.askPointer(answer)
    }

    func placed(_ report: WindowPlaceReport) {
        if let due = places.take(report, nowMicroseconds: kymo_monotonic_microseconds()) { send(.windowPlace(due)) }
    }

    func actIfDue() {
        if let due = places.takeDue(nowMicroseconds: kymo_monotonic_microseconds()) { send(.windowPlace(due)) }
        ownSocket?.actIfDue(nowMicroseconds: kymo_monotonic_microseconds())
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
                    keymap: { [unowned self] keymap in
                        ownSocket?.askLayout()
                        change { $0.keymap = keymap }
                    }, group: { [unowned self] in groupTold($0.map { ActiveLayout(group: $0) }) },
                    watermark: { [unowned self] in answered($0) },
                    outputs: { [unowned self] in
                        send(.outputs($0))
                        ownSocket?.somethingMoved()
                    }, focusedWanted: { [unowned self] in ownSocket?.askFocused() }))
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

    func answered(_ mark: Watermark) {
        openProbes.removeAll { $0 <= mark.probe }
        send(.watermark(mark))
    }

    private func phaseChanged() {
        silenceMicroseconds = nil
        retry.succeeded()
        if backend?.phase == .usable { connectOwnSocket() }
        introduce()
        informantChanged()
    }

    /// Those on the bus learn which process they have to be. KWin runs a script only where its protocol does not tell.
    func introduce() {
        shell?.compositor(pid: backend?.compositorPID)
        let needsScript = isKWin && (backend?.phase == .lacking || wantsPointer)
        script?.compositor(pid: needsScript ? backend?.compositorPID : nil)
    }

    func informantChanged() {
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

    func lose(_ reason: String) {
        guard let old = backend else { return }
        loop.remove(old.fileDescriptor)
        backend = nil
        introduce()
        lastDoubt = nil
        layout.keymap = nil
        silenceMicroseconds = nil
        closeOwnSocket()
        complain("\(reason); the focus is unknown until it is back")
        tellAll()
        retry.later()
    }

    // MARK: settings, layout, outputs

    func settingsTold(_ choices: [DeviceChoice]?, by source: DesktopSettings.Source) {
        if let report = settings.take(choices, from: source) { send(.settings(report)) }
    }

    /// By the compositor itself; nil: it cannot say.
    func groupTold(_ layout: ActiveLayout?) { change { $0.own = layout.map(ActiveGroup.told) ?? .open } }

    /// What is in force is told when it is another.
    func change(_ body: (inout SeatLayout) -> Void) {
        let before = layout
        body(&layout)
        if layout != before { tellLayout() }
    }

    func tellLayout() { send(.layout(layout.report)) }

    /// Without a compositor there are none; one that has not said yet what it offers may have any.
    private func tellOutputs() {
        guard let backend else { return send(.outputs(OutputsReport(outputs: []))) }
        backend.repeatOutputs()
    }

    private func complain(_ text: String) {
        guard text != lastComplaint else { return }
        lastComplaint = text
        log(.notice, text)
    }
}
