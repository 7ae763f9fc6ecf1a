import Bus
import CLinuxShim
import EventLoop
import Events
import Glibc

/// Which field of an app has the keyboard, by AT-SPI: the accessibility bus and the apps on it.
///
/// An app is known by the process that the bus says is behind its connection; nobody can choose that. Nothing here
/// waits: a question has a deadline, and no answer is an answer (`failing`).
public final class Accessibility {
    /// What there is to ask.
    public enum Phase: Sendable, Equatable {
        /// No answer from the session's bus yet, or none any more: nothing may be concluded.
        case asking
        /// There is no accessibility on this session: no app can be registered with it.
        case absent(reason: String)
        case connected
    }

    /// What is known of the field that has the keyboard.
    public struct Answer: Sendable, Equatable {
        public var access: FieldAccess
        /// The widget is a terminal.
        public var isTerminal: Bool
        /// The widget itself; nil: nobody says, or it is a password's field.
        var object: AccessibleObject?
        init(access: FieldAccess, isTerminal: Bool = false, object: AccessibleObject? = nil) {
            self.access = access
            self.isTerminal = isTerminal
            self.object = object
        }
    }

    private static let busName = "org.freedesktop.DBus"
    private static let launcher = "org.a11y.Bus"
    /// A launcher that is started by the question itself takes its time; nobody waits for it.
    private static let launchMicroseconds: UInt64 = 10_000_000

    /// Somebody who did not answer is asked again when a key makes it matter, not sooner than after this.
    private static let retryMicroseconds: UInt64 = 5_000_000

    private let loop: EventLoop
    private weak var session: Bus?
    private var nextAttempt: UInt64 = 0
    private var attempt = 0
    private let changed: () -> Void
    private let focusMoved: (Int32) -> Void
    private let suspected: (Suspicion) -> Void
    private(set) var bus: Bus?
    private var subscriptions: [BusSubscription] = []
    private(set) var apps: [String: AccessibleApp] = [:]
    /// Connections whose process is being asked for; while there are any, "nobody of that process" is not known.
    private var unresolved: Set<String> = []
    /// Who wants to hear of widgets that are used; nil: nobody.
    var useHeard: ((AccessibleObject) -> Void)?
    var use: WidgetUse?
    private var whenResolved: [() -> Void] = []
    public private(set) var phase = Phase.asking

    /// - Parameters:
    ///   - changed: `phase` has changed.
    ///   - focusMoved: in an app of that process another field has the keyboard.
    ///   - suspected: a password's field may have had it.
    init(
        loop: EventLoop, changed: @escaping () -> Void, focusMoved: @escaping (Int32) -> Void,
        suspected: @escaping (Suspicion) -> Void
    ) {
        self.loop = loop
        self.suspected = suspected
        self.changed = changed
        self.focusMoved = focusMoved
    }

    // MARK: the bus

    /// Asks the session's bus for the accessibility bus, and switches accessibility on: Qt and Firefox register only if
    /// it is when they start.
    public func start(on session: Bus) {
        stop(.asking)
        self.session = session
        nextAttempt = kymo_monotonic_microseconds() + Self.retryMicroseconds
        attempt += 1
        let current = attempt
        session.call(
            Self.launcher, path: "/org/a11y/bus", interface: Self.launcher, member: "GetAddress",
            timeoutMicroseconds: Self.launchMicroseconds
        ) { [weak self] answer in
            // An answer to an older question is of a bus that may be gone.
            guard let self, attempt == current else { return }
            do throws(BusError) {
                connect(try answer.get()[0, as: String.self])
                enable(on: session)
            } catch {
                stop(error.isAbsence ? .absent(reason: "\(error)") : .asking)
            }
        }
    }

    /// The session has no bus at all.
    public func sessionHasNoBus(_ reason: String) {
        attempt += 1
        stop(.absent(reason: reason))
    }

    /// The session's bus is gone.
    public func lostSession() {
        attempt += 1
        stop(.asking)
    }

    private func stop(_ phase: Phase) {
        use = nil
        bus?.close()
        bus = nil
        subscriptions.removeAll()
        apps.removeAll()
        unresolved.removeAll()
        let old = self.phase
        self.phase = phase
        // What apps had still to tell is lost.
        if old == .connected { suspected(Suspicion()) }
        tellWaiting()
        if old != phase { changed() }
    }

    private func enable(on session: Bus) {
        session.call(
            Self.launcher, path: "/org/a11y/bus", interface: "org.freedesktop.DBus.Properties", member: "Set",
            arguments: [.string("org.a11y.Status"), .string("IsEnabled"), .variant(.bool(true))]
        ) { _ in }
    }

    private func connect(_ address: String) {
        do throws(BusError) {
            let made = try Bus(.address(address), loop: loop) { [weak self] _ in self?.stop(.asking) }
            bus = made
            subscriptions = [
                try made.subscribe(
                    sender: nil, interface: "org.a11y.atspi.Event.Object", member: "StateChanged",
                    firstArgument: "focused"
                ) { [weak self] in self?.stateChanged($0) },
                try made.subscribe(
                    sender: Self.busName, path: "/org/freedesktop/DBus", interface: Self.busName,
                    member: "NameOwnerChanged"
                ) { [weak self] in self?.nameChanged($0) },
            ]
            // Without it no app says anything.
            made.call(
                "org.a11y.atspi.Registry", path: "/org/a11y/atspi/registry", interface: "org.a11y.atspi.Registry",
                member: "RegisterEvent",
                arguments: [.string("object:state-changed:focused"), .array(element: "s", []), .string("")]
            ) { [weak self] answer in
                if case .failure = answer { self?.stop(.asking) }
            }
            // Until the list is here nobody can be said not to be on the bus.
            unresolved = [""]
            made.call(Self.busName, path: "/org/freedesktop/DBus", interface: Self.busName, member: "ListNames") {
                [weak self] answer in
                guard let self else { return }
                guard let names = try? answer.get()[0, as: [String].self] else { return stop(.asking) }
                for name in names where name.hasPrefix(":") { resolve(name) }
                resolved("")
            }
            phase = .connected
            updateUse()
            changed()
        } catch {
            stop(.asking)
        }
    }

    // MARK: who is on it

    private func nameChanged(_ message: BusMessage) {
        guard let name = try? message[0, as: String.self], name.hasPrefix(":"),
            let owner = try? message[2, as: String.self]
        else { return }
        if owner.isEmpty {
            if let gone = apps.removeValue(forKey: name) {
                if gone.hasHadFocus, gone.isRelayed { suspected(Suspicion(of: gone)) }
                if gone.process != 0 { focusMoved(gone.process) }
            }
            resolved(name)
        } else {
            resolve(name)
        }
    }

    private func resolve(_ name: String) {
        guard let bus, unresolved.insert(name).inserted else { return }
        bus.call(
            Self.busName, path: "/org/freedesktop/DBus", interface: Self.busName,
            member: "GetConnectionUnixProcessID", arguments: [.string(name)]
        ) { [weak self] answer in
            guard let self, let bus = self.bus, unresolved.contains(name) else { return }
            // One that has left again is nobody's.
            if let process = try? answer.get()[0, as: UInt32.self], process != UInt32(getpid()) {
                app(name).process = Int32(bitPattern: process)
                app(name).learnToolkit(on: bus)
            }
            resolved(name)
        }
    }

    private func app(_ name: String) -> AccessibleApp {
        if let known = apps[name] { return known }
        let made = AccessibleApp(name: name)
        apps[name] = made
        return made
    }

    private func resolved(_ name: String) {
        unresolved.remove(name)
        if unresolved.isEmpty { tellWaiting() }
    }

    private func tellWaiting() {
        let waiting = whenResolved
        whenResolved.removeAll()
        for next in waiting { next() }
    }

    // MARK: focus

    private func stateChanged(_ message: BusMessage) {
        guard let gained = try? message[1, as: Int32.self] else { return }
        let app = app(message.sender)
        guard app.focus(on: message.path, isGained: gained != 0) else { return }
        if gained != 0, let bus {
            app.examineFocus(on: bus) { [weak self, app] in self?.suspected(Suspicion(of: app)) }
        }
        if app.process != 0 { focusMoved(app.process) }
    }

    // MARK: asking

    /// Whether a question about that process may need an answer from somebody else.
    public func mayKnow(_ process: Int32) -> Bool {
        guard phase == .connected else { return phase == .asking }
        return !unresolved.isEmpty || apps.values.contains { $0.process == process || isAnother($0, in: process) }
    }

    /// Whether what is said about that process may be far behind the keys.
    func isRelayed(_ process: Int32) -> Bool {
        guard phase == .connected else { return false }
        return apps.values.contains { ($0.process == process || isAnother($0, in: process)) && $0.isRelayed }
    }

    /// What has the keyboard in that process's app; called back once, perhaps at once, and always before the deadline.
    /// - Parameters:
    ///   - process: 0: nobody knows which it is.
    ///   - searches: an app that has not said where its focus is gets searched for it, which costs it more.
    public func ask(
        _ process: Int32, within microseconds: UInt64, searches: Bool, _ body: @escaping (Answer) -> Void
    ) {
        switch phase {
        case .absent: return body(Answer(access: .notRegistered))
        case .asking:
            body(Answer(access: .failing))
            if let session, kymo_monotonic_microseconds() >= nextAttempt { start(on: session) }
            return
        case .connected: break
        }
        let question = FieldQuestion(body)
        // The bus keeps its own deadline for what it is asked; this one is for all of it together.
        let deadline = kymo_monotonic_microseconds() + microseconds
        func proceed() {
            guard question.isOpen else { return }
            let now = kymo_monotonic_microseconds()
            guard now < deadline, phase == .connected else { return question.answer(Answer(access: .failing)) }
            judge(process, within: deadline - now, searches: searches, question)
        }
        guard !unresolved.isEmpty else { return proceed() }
        whenResolved.append(proceed)
    }

    /// An app of another process that may have the keyboard in a window of this one; of 0, nobody knows whose window it is.
    func isAnother(_ app: AccessibleApp, in process: Int32) -> Bool {
        guard app.process == 0 || app.process != process else { return false }
        return app.isOnPassword || app.claimsFocus && (process == 0 || app.ancestors.contains(process))
    }

    private func judge(_ process: Int32, within microseconds: UInt64, searches: Bool, _ question: FieldQuestion) {
        guard let bus else { return question.answer(Answer(access: .failing)) }
        let own = apps.values.filter { process != 0 && $0.process == process }
        // What is drawn in its window by a process that it has started (a web page, a sandbox's proxy) answers for itself;
        // that it is no password's says nothing of the window.
        let others = apps.values.filter { isAnother($0, in: process) }
        var left = own.count + others.count
        guard left > 0 else { return question.answer(Answer(access: .notRegistered)) }
        var best: Answer?
        // An app that says that something got the focus, and no more, is one of which at least that is known.
        let claimed = own.compactMap(\.focusedObject).first
        func take(_ answer: Answer?) {
            if let answer, best.map({ answer.access > $0.access }) ?? true { best = answer }
            left -= 1
            if left == 0 {
                question.answer(best ?? Answer(access: own.isEmpty ? .notRegistered : .failing, object: claimed))
            }
        }
        for app in own { app.ask(on: bus, within: microseconds, searches: searches, take) }
        for app in others {
            app.ask(on: bus, within: microseconds, searches: false) { answer in
                switch answer?.access {
                case .password: take(Answer(access: .password))
                case .late where process == 0: take(Answer(access: .late))
                default: take(nil)
                }
            }
        }
    }
}

extension BusError {
    /// There is nobody who could be asked, as opposed to somebody who does not answer.
    fileprivate var isAbsence: Bool {
        guard case .remote(let name, _, _) = self else { return false }
        return isServiceUnknown || name.hasPrefix("org.freedesktop.DBus.Error.Spawn.")
    }
}
