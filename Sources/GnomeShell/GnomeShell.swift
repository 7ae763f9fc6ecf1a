import AgentProtocol
import Bus
import CLinuxShim
import Events

/// GNOME Shell, which tells of its windows through an extension of ours, on the session's bus.
///
/// Anybody on the bus may take a name and answer. What is believed comes from the owner of the shell's name that is proven
/// to be the process at the other end of the Wayland socket.
public final class GnomeShell {
    public static let name = "gnome-shell"
    static let busName = "org.gnome.Shell"
    static let path = "/org/kymograph/Shell"
    static let interface = "org.kymograph.Shell"
    /// A shell that does not answer by then hangs: probes are lost long before.
    static let timeoutMicroseconds: UInt64 = 5_000_000
    /// A shell keeps the extension that it has loaded, also over an upgrade of the package.
    static let otherVersion =
        "GNOME Shell runs Kymograph's extension of another version than this agent: log out and in"

    private struct Probe {
        var id: UInt64
        var sentMicroseconds: UInt64
    }

    private let bus: Bus
    private let handlers: Handlers
    private var subscriptions: [BusSubscription] = []
    private var shell: ProvenOwner?
    /// Answers to what was asked before it last changed mean nothing.
    private var generation: UInt64 = 0
    private var state: ShellState?
    private var lastReport: FocusReport?
    /// Of the window of the state.
    private var place: ShellPlace?
    public private(set) var phase = Phase.absent("GNOME Shell is not on the session's bus")

    public init(bus: Bus, handlers: Handlers) throws(BusError) {
        self.bus = bus
        self.handlers = handlers
        shell = try ProvenOwner(bus: bus, name: Self.busName) { [weak self] in self?.begin() }
        subscriptions = [
            try signal("Changed") { $0.heard($1) },
            try signal("Seen") { shell, message in
                guard let isSeen = try? message[0, as: Bool.self], let reason = try? message[1, as: String.self]
                else { return }
                shell.handlers.seen(isSeen, reason)
            },
            try signal("PlaceChanged") { $0.placed($1) },
            try signal("SettingsChanged") { $0.handlers.settings(ShellSettings.choices($1)) },
            try signal("Clicked") { shell, _ in shell.handlers.clicked() },
            try signal("Enabled", always: true) { shell, _ in shell.begin() },
            try signal("Disabled", always: true) { shell, _ in shell.lack("the extension was switched off") },
        ]
    }

    private func signal(
        _ member: String, always: Bool = false, _ body: @escaping (GnomeShell, BusMessage) -> Void
    ) throws(BusError) -> BusSubscription {
        try bus.subscribe(sender: Self.busName, path: Self.path, interface: Self.interface, member: member) {
            [weak self] message in
            guard let self, message.sender == owner, always || phase == .usable else { return }
            body(self, message)
        }
    }

    // MARK: who it is

    /// The process at the other end of the Wayland socket; nil: there is none any more.
    public func compositor(pid: Int32?) { shell?.expect(pid: pid) }

    /// The connection of the compositor, where it has the shell's name.
    private var owner: String? {
        guard case .proven(let owner) = shell?.standing else { return nil }
        return owner
    }

    private func begin() {
        generation += 1
        state = nil
        lastReport = nil
        place = nil
        switch shell?.standing ?? .nobody {
        case .nobody: enter(.absent("GNOME Shell is not on the session's bus"))
        case .unjudged: enter(.absent("the compositor is not known yet"))
        case .asked: enter(.asking)
        case .impostor: enter(.absent("the owner of \(Self.busName) is not the compositor"))
        case .proven:
            enter(.asking)
            attach()
        }
    }

    private func attach() {
        ask("Attach") { shell, _ in
            shell.enter(.usable)
            shell.tell()
            shell.askSettings()
        }
    }

    /// Nothing else depends on them: an extension that does not tell them tells of windows all the same.
    private func askSettings() {
        guard let owner else { return }
        let asked = generation
        bus.call(
            owner, path: Self.path, interface: Self.interface, member: "Settings",
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, asked == generation else { return }
            handlers.settings((try? answer.get()).flatMap(ShellSettings.choices))
        }
    }

    private func enter(_ phase: Phase) {
        guard phase != self.phase else { return }
        let wasUsable = self.phase == .usable
        self.phase = phase
        if wasUsable {
            handlers.purpose(.untold)
            handlers.seen(false, reason)
            handlers.settings(nil)
        }
        handlers.phase()
    }

    /// For people; empty while it is usable.
    public var reason: String {
        switch phase {
        case .absent(let reason), .lacking(let reason): reason
        case .asking: "GNOME Shell has not answered yet"
        case .usable: ""
        }
    }

    private func lack(_ reason: String) {
        generation += 1
        state = nil
        lastReport = nil
        place = nil
        enter(.lacking(reason))
    }

    // MARK: asking

    /// Asks the owner itself, and not the name: that may be another's when the call arrives.
    private func ask(
        _ member: String, _ arguments: [BusValue] = [], answered: @escaping (GnomeShell, BusMessage) -> Void
    ) {
        guard let owner else { return }
        let asked = generation
        bus.call(
            owner, path: Self.path, interface: Self.interface, member: member, arguments: arguments,
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, asked == generation else { return }
            do throws(BusError) {
                let message = try answer.get()
                guard message.sender == owner else { return }
                if !message.arguments.isEmpty { state = try ShellState(message) }
                answered(self, message)
            } catch {
                failed(error)
            }
        }
    }

    private func failed(_ error: BusError) {
        if error.isTimeout {
            lack("GNOME Shell does not answer")
            // This question waits as long again, so that a shell that hangs is not asked in a hurry.
            return begin()
        }
        explain(error)
    }

    /// The shell knows why an extension does not run.
    private func explain(_ error: BusError) {
        if case .unexpectedType = error { return lack(Self.otherVersion) }
        lack("\(error)")
        guard case .remote(let name, _, _) = error, name != "org.freedesktop.DBus.Error.AccessDenied" else { return }
        let asked = generation
        ExtensionState.ask(bus, of: owner ?? Self.busName) { [weak self] states in
            guard let self, asked == generation else { return }
            enter(.lacking(ExtensionState.reason(states)))
        }
    }

    // MARK: what it says

    private func heard(_ message: BusMessage) {
        do throws(BusError) {
            state = try ShellState(message)
            tell()
        } catch {
            explain(error)
        }
    }

    private func tell() {
        guard phase == .usable, let state else { return }
        if place?.window != state.window { place = nil }
        handlers.group(state.group)
        handlers.purpose(state.purpose)
        let report = state.report(atMicroseconds: kymo_monotonic_microseconds(), number: number(of: state.window))
        if var last = lastReport {
            last.timeMicroseconds = report.timeMicroseconds
            if last == report { return }
        }
        lastReport = report
        handlers.focus(report)
    }

    /// It comes behind the state of its window.
    private func placed(_ message: BusMessage) {
        guard let told = ShellPlace(message) else { return lack(Self.otherVersion) }
        place = told
        tellPlace()
    }

    private func tellPlace() {
        guard let place, place.window == state?.window else { return }
        handlers.place(
            WindowPlaceReport(
                timeMicroseconds: min(place.sinceMicroseconds, kymo_monotonic_microseconds()),
                window: number(of: place.window), place: place.place))
    }

    /// Another shell's numbers do not come again.
    private func number(of window: UInt32) -> UInt64 { generation << 32 + UInt64(window) }

    /// Tells the state again, whole: a new service knows nothing.
    public func repeatReport() {
        lastReport = nil
        tell()
        tellPlace()
    }

    /// Asks where the pointer is; answered once.
    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        guard phase == .usable, let owner else { return answer(nil) }
        let asked = generation
        bus.call(
            owner, path: Self.path, interface: Self.interface, member: "Pointer",
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] reply in
            guard let self, asked == generation, let message = try? reply.get() else { return answer(nil) }
            answer(PointerWord(message, atMicroseconds: kymo_monotonic_microseconds()))
        }
    }

    /// Two round trips, then a watermark, as with Wayland: the first answer ends the turn in which the shell met every key
    /// stamped before it was asked, the second brings what that turn decided.
    public func confirm(probe id: UInt64) {
        guard phase == .usable else { return }
        let probe = Probe(id: id, sentMicroseconds: kymo_monotonic_microseconds())
        ask("Confirm") { shell, _ in
            shell.tell()
            shell.ask("Confirm") { shell, _ in
                let answered = kymo_monotonic_microseconds()
                shell.tell()
                shell.handlers.watermark(
                    Watermark(
                        probe: probe.id, sentMicroseconds: probe.sentMicroseconds, answeredMicroseconds: answered,
                        checkedMicroseconds: answered))
            }
        }
    }

    // MARK: the indicator

    /// - Parameter symbol: 0 recording, 1 paused, 2 off.
    public func show(symbol: UInt8, text: String, isPending: Bool) {
        guard phase == .usable else { return }
        ask("Show", [.byte(symbol), .string(text), .bool(isPending)]) { _, _ in }
    }
}
