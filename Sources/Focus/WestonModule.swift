import AgentProtocol
import CKymographWeston
import CWaylandClient
import Events

/// kymograph_weston_v1, of our own module in Weston (`weston/`): it tells of the window that has the keyboard, and of no
/// other. Each event is a change of its own.
final class WestonModule: WindowSource {
    static let name = "weston-module"
    static let interface = "kymograph_weston_v1"
    static let leastVersion: UInt32 = 2
    static let tellsProcesses = true

    private let module: OpaquePointer
    private let listener: WindowListener
    /// Windows that were named and are not closed yet.
    private var known: Set<OpaquePointer> = []
    private var owner: OpaquePointer?
    /// Who asks where the pointer is, in the order in which the module answers, and how many answers are to come.
    private var questions: [(answer: (PointerWord?) -> Void, remaining: Int)] = []
    // It must outlive the proxy that points at it.
    private let moduleListener = UnsafeMutablePointer<kymograph_weston_v1_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, globals: SourceGlobals, listener: WindowListener) {
        self.listener = listener
        module = OpaquePointer(wl_registry_bind(registry, globals.number, kymo_weston_interface(), Self.leastVersion))
        moduleListener.initialize(
            to: kymograph_weston_v1_listener(
                window: { data, _, id, processID, appID, title in
                    WestonModule.from(data).named(id, processID, String(event: appID), String(event: title))
                }, keyboard: { data, _, id in WestonModule.from(data).moved(to: id) },
                closed: { data, _, id in WestonModule.from(data).closed(id) },
                press: { data, _, window, high, low, x, y in
                    let time = UInt64(high) << 32 | UInt64(low)
                    let word = PointerWord(
                        timeMicroseconds: time, frame: .window, x: Fixed8(raw: x), y: Fixed8(raw: y))
                    WestonModule.from(data).answered(window == 0 ? nil : word)
                },
                place: { data, _, id, x, y, width, height in
                    let place = WindowPlace(x: x, y: y, width: width, height: height)
                    WestonModule.from(data).placed(id, width == 0 ? nil : place)
                },
                group: { data, _, group in
                    WestonModule.from(data).listener.group(group < 0 ? nil : UInt32(group))
                }))
        kymograph_weston_v1_add_listener(module, moduleListener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        for question in questions { question.answer(nil) }
        kymograph_weston_v1_destroy(module)
        moduleListener.deallocate()
    }

    /// What a window is called may have changed since, and its module tells it when asked.
    func refresh() { kymograph_weston_v1_refresh(module) }

    /// Where the last press was, which is the one that is asked about once the module has met it. That is so when it has
    /// answered a first time: then the compositor has ended the turn in which it met every press made before.
    func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        questions.append((answer, 2))
        kymograph_weston_v1_ask_press(module)
    }

    private func answered(_ word: PointerWord?) {
        var (answer, remaining) = questions.removeFirst()
        remaining -= 1
        guard remaining == 0 else {
            // Behind all others, as its answer will be.
            questions.append((answer, remaining))
            return kymograph_weston_v1_ask_press(module)
        }
        answer(word)
    }

    private func placed(_ id: UInt32, _ place: WindowPlace?) {
        guard let window = Self.handle(id) else { return }
        listener.change { $0.placed(window, place) }
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WestonModule {
        Unmanaged<WestonModule>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Windows are numbers here and proxies elsewhere; `ToplevelState` tells them apart and looks into none.
    private static func handle(_ id: UInt32) -> OpaquePointer? { OpaquePointer(bitPattern: UInt(id)) }

    private func named(_ id: UInt32, _ processID: Int32, _ appID: String, _ title: String) {
        guard let window = Self.handle(id) else { return }
        let isNew = known.insert(window).inserted
        listener.change {
            if isNew { $0.opened(window) }
            $0.appID(window, appID)
            $0.title(window, title)
            $0.process(window, processID)
            $0.done(window)
        }
    }

    private func moved(to id: UInt32) {
        let before = owner
        owner = Self.handle(id)
        let now = owner
        listener.change {
            for (window, isActivated) in [(before, false), (now, true)] {
                guard let window else { continue }
                $0.activated(window, isActivated)
                $0.done(window)
            }
        }
    }

    private func closed(_ id: UInt32) {
        guard let window = Self.handle(id) else { return }
        known.remove(window)
        if owner == window { owner = nil }
        listener.change { $0.closed(window) }
    }
}
