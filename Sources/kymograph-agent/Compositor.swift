import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Events
import Focus
import Glibc
import Logging

/// Which of a keymap's groups is in force.
private enum ActiveGroup: Equatable {
    /// Nobody tells. Only a keymap of one group leaves no doubt.
    case untold
    /// Somebody tells, and has not answered yet or says that keyboards disagree.
    case open
    case told(ActiveLayout)

    func inForce(of keymap: Keymap) -> UInt32? {
        switch self {
        case .untold: keymap.groupCount == 1 ? 0 : nil
        case .open: nil
        // The seat's keymap is that of the keyboard which typed last. It may be gone, or another may type next.
        case .told(let layout):
            layout.group < keymap.groupCount
                && keymap.groupName(layout.group) == layout.name ?? keymap.groupName(layout.group)
                ? layout.group : nil
        }
    }
}

/// The compositor of this session, as it comes and goes.
final class Compositor {
    private static let patienceMicroseconds: UInt64 = 5_000_000

    private let loop: EventLoop
    private let send: (AgentMessage) -> Void
    private var backend: WaylandBackend?
    private var sway: SwayIPC?
    private var plasmaLayouts: PlasmaLayouts?
    /// What came over the bus: in force where the compositor has no socket that tells better.
    private var groupOnBus = ActiveGroup.untold
    private var keymap: Keymap?
    private var group = ActiveGroup.untold
    /// Asked while there was nobody to ask: answered when there is.
    private var openProbes: [UInt64] = []
    private let retry: Retry
    /// When to say that a compositor which took the connection does not answer; nothing else depends on it.
    private var silenceMicroseconds: UInt64?
    private var lastComplaint = "no compositor has answered yet"

    init(loop: EventLoop, send: @escaping (AgentMessage) -> Void) {
        self.loop = loop
        self.send = send
        retry = Retry(loop: loop, directory: Surroundings.runtimeDirectory) { $0.hasPrefix("wayland-") }
    }

    var deadlineMicroseconds: UInt64? { retry.deadlineMicroseconds ?? silenceMicroseconds }

    /// The compositor, once it tells of its windows.
    private var usable: WaylandBackend? { backend?.phase == .usable ? backend : nil }

    var hello: Hello {
        Hello(backend: usable?.protocolInUse?.name ?? "none", compositor: backend?.compositorName ?? "")
    }

    /// Whether it says which process a window is of; that follows the window by a moment.
    var tellsProcesses: Bool { sway != nil || usable?.tellsProcesses == true }

    /// A service that knows nothing, and has asked nothing yet.
    func serviceCame() {
        openProbes.removeAll()
        backend?.forgetProbes()
        tellAll()
    }

    /// Everything that is known.
    private func tellAll() {
        tellLayout()
        guard let backend = usable else {
            send(.backendState(BackendState(isUsable: false, backend: "none", reason: lastComplaint)))
            return send(.focus(FocusReport(timeMicroseconds: kymo_monotonic_microseconds(), state: .unknown)))
        }
        send(
            .backendState(
                BackendState(
                    isUsable: true, backend: backend.protocolInUse?.name ?? "",
                    reason: "\(backend.compositorName) offers \(backend.protocolInUse?.interface ?? "")")))
        backend.repeatReport()
    }

    /// Answered when there is somebody to ask.
    func probe(_ id: UInt64) {
        openProbes.append(id)
        guard let backend = usable else { return }
        do {
            try backend.confirm(probe: id)
        } catch {
            lose("\(error)")
        }
    }

    func actIfDue() {
        if retry.isDue { connect() }
        if let silence = silenceMicroseconds, kymo_monotonic_microseconds() >= silence {
            silenceMicroseconds = nil
            complain("\(compositorName) took the connection but does not answer; the focus is unknown until it does")
            tellAll()
        }
    }

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
                    focus: { [unowned self] in send(.focus($0)) },
                    keymap: { [unowned self] in
                        keymap = $0
                        sway?.askLayout()
                        tellLayout()
                    },
                    watermark: { [unowned self] in
                        let probe = $0.probe
                        openProbes.removeAll { $0 <= probe }
                        send(.watermark($0))
                    },
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

    private func phaseChanged() {
        silenceMicroseconds = nil
        retry.succeeded()
        guard usable != nil else {
            complain(
                "\(compositorName) does not offer \(WaylandBackend.interfaces); the focus stays unknown and no keys "
                    + "are recorded on this desktop" + hint)
            return tellAll()
        }
        lastComplaint = ""
        if let told = usable?.protocolInUse {
            log(.notice, "focus from \(told.name): \(compositorName) offers \(told.interface)")
        }
        connectSway()
        tellAll()
        let probes = openProbes
        openProbes.removeAll()
        probes.forEach(probe)
    }

    private var hint: String {
        guard compositorName == "kwin_wayland" else { return "" }
        return " (KWin offers it to those whose .desktop file asks for it: kymograph-agent.desktop in a directory of "
            + "applications, with the path of this program in Exec=)"
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
                layout: { [unowned self] in
                    let told = $0.map(ActiveGroup.told) ?? .open
                    guard group != told else { return }
                    group = told
                    tellLayout()
                }))
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
    }

    // MARK: layout

    func busCame(_ bus: Bus) {
        do {
            plasmaLayouts = try PlasmaLayouts(
                bus: bus, told: { [unowned self] in busTold($0.map(ActiveGroup.told) ?? .open) },
                absent: { [unowned self] in busTold(.untold) })
        } catch {
            log(.notice, "\(error); the active layout is known only where there is but one")
        }
    }

    func busLeft() {
        plasmaLayouts = nil
        busTold(.untold)
    }

    private func busTold(_ group: ActiveGroup) {
        guard groupOnBus != group else { return }
        groupOnBus = group
        if sway == nil { tellLayout() }
    }

    private func tellLayout() {
        guard let keymap, let known = (sway == nil ? groupOnBus : group).inForce(of: keymap),
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
