import Bus
import CLinuxShim
import Events
import Logging

/// One app on the accessibility bus: what it said of its focus, and what it answers.
final class AccessibleApp {
    /// The bit of `focused` among AT-SPI's states (AtspiStateType).
    private static let focusedBit: UInt32 = 1 << 12
    /// Asking for everything that an app shows costs it milliseconds; it is for those that have not said where the focus
    /// is, such as one that was there before us.
    private static let searchMicroseconds: UInt64 = 2_000_000
    private static let toolkitMicroseconds: UInt64 = 50_000
    /// For one question about an object's role, and for how many at a time: an app that tells of more has not been looked at.
    private static let roleMicroseconds: UInt64 = 2_000_000
    private static let roleLimit = 32

    let name: String
    /// 0: not known yet.
    var process: Int32 = 0 {
        didSet { ancestors = Ancestors.of(process) }
    }
    /// The processes that it comes from, as when it came: the window may be one's of those.
    private(set) var ancestors: Set<Int32> = []
    /// The object that has the focus; nil: it has not said.
    private var focus: String? {
        didSet { if focus != nil { hasHadFocus = true } }
    }
    private(set) var hasHadFocus = false
    /// The focused object was a password's once since it got the focus: an eye that shows the text changes its role, and
    /// not what it is.
    private(set) var isOnPassword = false
    private var nextSearch: UInt64 = 0
    /// Nil: it has not said what it is built with, and is not believed yet.
    private var toolkit: Toolkit?
    private var nextToolkitQuestion: UInt64 = 0
    private var hasEngine = false
    private var evidence: Engines.Evidence?
    private var nextLookForEngines: UInt64 = 0
    private var roleQuestions = 0

    init(name: String) { self.name = name }

    /// - Returns: whether that changes anything.
    func focus(on path: String, isGained: Bool) -> Bool {
        if isGained {
            guard focus != path else { return false }
            focus = path
        } else {
            guard focus == path else { return false }
            focus = nil
        }
        isOnPassword = false
        return true
    }

    /// It has said that something in it has the focus.
    var claimsFocus: Bool { focus != nil }

    /// What that is; nil also where it is a password's, or was one's since it got the focus.
    var focusedObject: AccessibleObject? {
        isOnPassword ? nil : focus.map { AccessibleObject(app: name, path: $0) }
    }

    /// Whether what it says may be far behind the keys.
    var isRelayed: Bool { toolkit != .direct || hasEngine }

    /// Of an app that may be late: asks what it is that has just got the focus, whatever has it by the time of the answer. Such
    /// an app tells of several moves at once when it has caught up, and a password's field that has come and gone is in no
    /// later answer of its own.
    /// - Parameter body: called if it is a password's field, or if nobody says what it is: a page that was left takes its
    ///   fields along.
    func examineFocus(on bus: Bus, _ body: @escaping () -> Void) {
        guard isRelayed, let path = focus else { return }
        guard roleQuestions < Self.roleLimit else { return body() }
        roleQuestions += 1
        bus.call(
            name, path: path, interface: AccessibleApp.interface, member: "GetRole",
            timeoutMicroseconds: Self.roleMicroseconds
        ) { [self] answer in
            roleQuestions -= 1
            guard isRelayed else { return }
            let role = try? answer.get()[0, as: UInt32.self]
            guard (role ?? Role.password) == Role.password else { return }
            if role != nil, focus == path { isOnPassword = true }
            body()
        }
    }

    /// Asks what it is built with, unless that is known. GTK 4 leaves a question unanswered for ever that comes before it is
    /// ready: it is asked again, soon, when a key makes it matter.
    func learnToolkit(on bus: Bus) {
        let now = kymo_monotonic_microseconds()
        guard toolkit == nil, now >= nextToolkitQuestion else { return }
        nextToolkitQuestion = now + Self.toolkitMicroseconds
        bus.call(
            name, path: Self.root, interface: "org.freedesktop.DBus.Properties", member: "Get",
            arguments: [.string("org.a11y.atspi.Application"), .string("ToolkitName")]
        ) { [weak self] answer in
            // The answer to one question is as good as that to another.
            guard let name = try? answer.get()[0, as: String.self] else { return }
            self?.toolkit = Toolkit(name: name)
        }
    }

    /// An engine may be loaded later than the app.
    private func lookForEngines() {
        let now = kymo_monotonic_microseconds()
        guard toolkit == .direct, process != 0, now >= nextLookForEngines else { return }
        // A library stays; a process that an app has started may have been anything, and ends.
        if hasEngine, evidence == .libraries { return }
        nextLookForEngines = now + Self.searchMicroseconds
        let found = Engines.look(in: process)
        hasEngine = found.areLoaded
        guard found.by != evidence else { return }
        evidence = found.by
        if found.by == .processes {
            log(
                .info,
                "process \(process) does not show its libraries: by what it has started it is "
                    + (hasEngine ? "an app that may hand keys to another process" : "an app of one process"))
        }
    }

    /// What has the focus; nil: it does not answer, or does not say.
    /// - Parameter searches: looks for it if the app has not said; else its own word is waited for.
    func ask(
        on bus: Bus, within microseconds: UInt64, searches: Bool, _ body: @escaping (Accessibility.Answer?) -> Void
    ) {
        guard let path = focus else {
            return searches ? search(on: bus, within: microseconds, body) : body(nil)
        }
        learnToolkit(on: bus)
        var isFocused: Bool?
        // Role behind state, and both answers are of the app as it was after the first question.
        bus.call(
            name, path: path, interface: AccessibleApp.interface, member: "GetState",
            timeoutMicroseconds: microseconds
        ) { answer in
            let states = try? answer.get()[0, as: [UInt32].self]
            isFocused = states.map { $0.first.map { $0 & Self.focusedBit != 0 } ?? false }
        }
        bus.call(
            name, path: path, interface: AccessibleApp.interface, member: "GetRole", timeoutMicroseconds: microseconds
        ) { [self] answer in
            guard focus == path else {
                // It has moved while we asked.
                guard focus != nil else { return body(nil) }
                return self.ask(on: bus, within: microseconds, searches: searches, body)
            }
            guard let role = try? answer.get()[0, as: UInt32.self], let isFocused else { return body(nil) }
            guard isFocused else {
                focus = nil
                isOnPassword = false
                return searches ? search(on: bus, within: microseconds, body) : body(nil)
            }
            lookForEngines()
            body(judge(role))
        }
    }

    private func judge(_ role: UInt32) -> Accessibility.Answer {
        if role == Role.password { isOnPassword = true }
        if isOnPassword { return Accessibility.Answer(access: .password) }
        // "No password's" is worth something only of an app that has met the key before it says so.
        let direct: FieldAccess = Role.tellsNothing.contains(role) ? .notRegistered : .other
        return Accessibility.Answer(
            access: isRelayed ? .late : direct, isTerminal: role == Role.terminal, object: focusedObject)
    }

    /// Looks for the focused object among all that the app has (org.a11y.atspi.Cache).
    private func search(on bus: Bus, within microseconds: UInt64, _ body: @escaping (Accessibility.Answer?) -> Void) {
        let now = kymo_monotonic_microseconds()
        guard now >= nextSearch else { return body(nil) }
        nextSearch = now + Self.searchMicroseconds
        bus.call(
            name, path: "/org/a11y/atspi/cache", interface: "org.a11y.atspi.Cache", member: "GetItems",
            timeoutMicroseconds: microseconds
        ) { [self] answer in
            if focus != nil { return ask(on: bus, within: microseconds, searches: false, body) }
            guard let items = try? answer.get()[0, as: [BusValue].self] else { return body(nil) }
            let focused = items.compactMap(CacheItem.init).filter { $0.states & Self.focusedBit != 0 }
            // A list in which several have the focus says nothing.
            guard focused.count == 1, let item = focused.first else { return body(nil) }
            focus = item.path
            lookForEngines()
            body(judge(item.role))
        }
    }

    static let interface = "org.a11y.atspi.Accessible"
    /// The app as a whole.
    static let root = "/org/a11y/atspi/accessible/root"
}

/// One entry of `org.a11y.atspi.Cache.GetItems`: `((so)(so)(so)iiassusau)`, or `((so)(so)(so)a(so)assusau)` as older
/// toolkits have it. Reference, role and states are at the same distance from the end in both.
struct CacheItem {
    var path: String
    var role: UInt32
    var states: UInt32

    init?(_ value: BusValue) {
        guard case .structure(let fields) = value, fields.count >= 8,
            case .structure(let reference) = fields[0], reference.count == 2,
            let path = reference[1].read(as: String.self),
            let states = fields[fields.count - 1].read(as: [UInt32].self),
            let role = fields[fields.count - 3].read(as: UInt32.self)
        else { return nil }
        self.path = path
        self.role = role
        self.states = states.first ?? 0
    }
}
