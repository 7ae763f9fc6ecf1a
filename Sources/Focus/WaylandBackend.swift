import AgentProtocol
import CLinuxShim
import CWaylandClient
import Events
import Glibc

/// Focus by what a compositor tells everybody of its windows (`WindowSource`): one of them is activated, or none.
///
/// Owns the connection. What is reported carries the time at which the bytes were read: not earlier than the change,
/// and later keys certainly met it.
public final class WaylandBackend {
    private struct Probe {
        var id: UInt64
        var sentMicroseconds: UInt64
        /// Round trips still to come.
        var remaining: Int
        var callback: OpaquePointer?
    }

    /// Somebody else is asked for process and place of the focused window. The answer is of that window for certain when no
    /// focus has changed between the question and a round trip after the answer.
    private struct FocusedQuestion {
        var changeCount: UInt64
        var answer: FocusedWindow?
        var callback: OpaquePointer?
    }

    private let display: OpaquePointer
    private let handlers: Handlers
    private lazy var globals = WaylandGlobals(
        display: display,
        handlers: WaylandGlobals.Handlers(
            sourceBegan: { [unowned self] in if phase == .lacking { greet() } },
            change: { [unowned self] in $0(&state) }, group: handlers.group, keymap: handlers.keymap))
    private let listeners = Listeners()
    private var state = ToplevelState()
    /// The round trips that ask for the initial state.
    private var greeting: (callback: OpaquePointer?, remaining: Int) = (nil, 0)
    /// Answered in the order in which they came.
    private var probes: [Probe] = []
    private var readMicroseconds: UInt64 = 0
    private var lastReport: FocusReport?
    private var lastPlace: WindowPlaceReport?
    private var question: FocusedQuestion?
    /// What came of it. Where a window is that has lost the focus nobody is asked, so it holds for as long as no focus changes.
    private var toldPlace: (changeCount: UInt64, place: WindowPlace)?
    /// Nil where the compositor tells of launchers itself.
    private var launchers: LauncherWatch?

    public private(set) var phase = Phase.asking
    /// The compositor's process, by kernel credentials.
    public private(set) var compositorPID: Int32 = 0

    /// Connects and asks for the initial state; `Handlers.phase` tells when it is there.
    public init(displayName: String?, handlers: Handlers) throws(FocusError) {
        guard let display = wl_display_connect(displayName) else {
            throw .noDisplay(name: displayName ?? "WAYLAND_DISPLAY")
        }
        self.display = display
        self.handlers = handlers
        var user: uid_t = 0
        var process: pid_t = 0
        if kymo_peer_credentials(wl_display_get_fd(display), &user, &process) == 0 { compositorPID = process }
        _ = globals
        greet()
        try flush()
    }

    /// For callbacks, which find their backend by user data. The connection dies with the backend, so none comes late.
    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    deinit {
        for callback in [greeting.callback, question?.callback] + probes.map(\.callback) {
            if let callback { wl_callback_destroy(callback) }
        }
        globals.releaseAll()
        wl_display_disconnect(display)
    }

    public var fileDescriptor: Int32 { wl_display_get_fd(display) }

    /// The compositor's program, as the kernel names it.
    public var compositorName: String {
        let descriptor = open("/proc/\(compositorPID)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "the compositor" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 >= 0x20 }, as: UTF8.self)
    }

    /// By which protocol it tells of its windows: as records call it, and the global. Nil: by none, so far.
    public var protocolInUse: (name: String, interface: String)? {
        globals.source.map { (type(of: $0).name, type(of: $0).interface) }
    }

    /// Whether windows come with their processes.
    public var tellsProcesses: Bool { globals.source.map { type(of: $0).tellsProcesses } ?? false }

    /// The globals of which one is needed, for people; without our own module's, which only Weston can load.
    public static var interfaces: String {
        windowSources.filter { $0 != WestonModule.self }.map { $0.interface }.joined(separator: " or ")
    }

    /// Reads what is there and reports what it means.
    public func dispatch() throws(FocusError) {
        while wl_display_prepare_read(display) != 0 {
            guard wl_display_dispatch_pending(display) >= 0 else { throw .disconnected }
        }
        guard wl_display_read_events(display) == 0 else { throw .disconnected }
        readMicroseconds = kymo_monotonic_microseconds()
        guard wl_display_dispatch_pending(display) >= 0 else { throw .disconnected }
        guard !globals.hasFinished else { throw .finished }
        report()
        if phase != .asking, let changes = globals.outputs.takeChanges() { handlers.outputs(changes) }
        try flush()
    }

    /// Tells the outputs again: a new service knows none. Not before they are known.
    public func repeatOutputs() { if phase != .asking { handlers.outputs(globals.outputs.take()) } }

    private func flush() throws(FocusError) {
        // EAGAIN: the compositor is slow to read; the rest goes with the next flush.
        if wl_display_flush(display) < 0, errno != EAGAIN { throw .disconnected }
    }

    /// Tells the state again, whole: a new service knows nothing.
    public func repeatReport() {
        lastReport = nil
        lastPlace = nil
        report()
    }

    /// Asks where the pointer is; answered once, nil where the compositor does not tell.
    public func askPointer(_ answer: @escaping (PointerWord?) -> Void) {
        guard phase == .usable, let source = globals.source else { return answer(nil) }
        source.askPointer(answer)
        // What cannot be sent now is a lost connection, which the next turn notices.
        try? flush()
    }

    // MARK: what somebody else knows of the focused window

    private func askOfFocused() {
        guard state.focused != nil, question?.changeCount != state.changeCount else { return }
        if let old = question?.callback { wl_callback_destroy(old) }
        question = FocusedQuestion(changeCount: state.changeCount)
        handlers.focusedWanted()
    }

    /// What was told of the focused window may hold no more.
    public func focusedMayHaveMoved() {
        guard phase == .usable, state.focused != nil else { return }
        if let old = question?.callback { wl_callback_destroy(old) }
        question = nil
        askOfFocused()
    }

    /// What had the focus after `Handlers.focusedWanted`, as somebody else says.
    public func note(_ focused: FocusedWindow) throws(FocusError) {
        guard question != nil, question?.answer == nil else { return }
        question?.answer = focused
        question?.callback = sync()
        try flush()
    }

    private func focusedConfirmed() {
        guard let asked = question, let answer = asked.answer else { return }
        question?.callback = nil
        guard asked.changeCount == state.changeCount, state.focusedIs(answer) else { return }
        if let place = answer.place { toldPlace = (asked.changeCount, place) }
        report()
    }

    // MARK: watermarks

    /// Two round trips, then a watermark. With the first answer the compositor has ended the turn of its loop in which
    /// it met every key stamped before the request; the second brings what that turn decided.
    public func confirm(probe id: UInt64) throws(FocusError) {
        guard phase == .usable else { return }
        if launchers != nil { report(at: kymo_monotonic_microseconds(), looks: true) }
        probes.append(
            Probe(id: id, sentMicroseconds: kymo_monotonic_microseconds(), remaining: 2, callback: sync()))
        try flush()
    }

    private func sync() -> OpaquePointer? {
        globals.source?.refresh()
        let callback = wl_display_sync(display)
        wl_callback_add_listener(callback, listeners.callback, opaque)
        return callback
    }

    func answered(_ callback: OpaquePointer?) {
        wl_callback_destroy(callback)
        if callback == greeting.callback {
            greeting.callback = nil
            greeted()
        } else if let index = probes.firstIndex(where: { $0.callback == callback }) {
            confirmed(index)
        } else if callback == question?.callback {
            focusedConfirmed()
        }
    }

    private func confirmed(_ index: Int) {
        probes[index].remaining -= 1
        guard probes[index].remaining == 0 else {
            probes[index].callback = sync()
            return
        }
        let current = probes.remove(at: index)
        // What was read before this answer must be known before the watermark.
        report(looks: true)
        handlers.watermark(
            Watermark(
                probe: current.id, sentMicroseconds: current.sentMicroseconds, answeredMicroseconds: readMicroseconds,
                checkedMicroseconds: readMicroseconds))
    }

    /// A service that knows nothing has asked nothing either.
    public func forgetProbes() {
        for probe in probes { if let callback = probe.callback { wl_callback_destroy(callback) } }
        probes.removeAll()
    }

    // MARK: the initial state

    /// The first round trip brings the globals, the second what they say at once, and the third what one has to ask of
    /// each window then.
    private func greet() {
        if let old = greeting.callback { wl_callback_destroy(old) }
        greeting = (sync(), 3)
    }

    private func greeted() {
        greeting.remaining -= 1
        guard greeting.remaining == 0 else {
            greeting.callback = sync()
            return
        }
        phase = globals.source == nil ? .lacking : .usable
        if let source = globals.source, !type(of: source).tellsLaunchers(compositor: compositorName) {
            // Those of before are no news.
            _ = state.takeActivations()
            launchers = LauncherWatch(
                socket: fileDescriptor, process: compositorPID, nextWindow: state.nextNumber,
                isActivated: state.focused != nil)
        }
        handlers.phase()
        report()
    }

    // MARK: focus

    /// Why it is not known whether the activated window has the keyboard; nil: it has.
    public var launcherDoubt: String? { launchers?.reason }

    /// This process has connected to the compositor by itself.
    public func processConnected() { launchers?.connected() }

    /// - Parameters:
    ///   - time: nil: that of what was read last.
    ///   - looks: whether to look for launchers also if no window has become activated.
    private func report(at time: UInt64? = nil, looks: Bool = false) {
        guard phase == .usable else { return }
        let activations = state.takeActivations()
        if looks || !activations.isEmpty { launchers?.look(nextWindow: state.nextNumber, activations: activations) }
        reportFocus(at: time ?? readMicroseconds)
        guard launcherDoubt == nil, let window = focused, let place = window.place ?? focusedPlace,
            lastPlace?.window != window.number || lastPlace?.place != place
        else { return }
        let report = WindowPlaceReport(timeMicroseconds: readMicroseconds, window: window.number, place: place)
        lastPlace = report
        handlers.place(report)
    }

    /// The window that has the keyboard: none has it under a lock screen, whatever is activated.
    private var focused: ToplevelState.Window? { globals.lock?.isLocked == true ? nil : state.focused }

    private var focusedPlace: WindowPlace? { toldPlace?.changeCount == state.changeCount ? toldPlace?.place : nil }

    private func reportFocus(at time: UInt64) {
        var report = FocusReport(timeMicroseconds: time, state: .none, source: protocolInUse?.name ?? "")
        if focused != nil, launcherDoubt != nil {
            report.state = .unknown
        } else if let window = focused {
            report.state = .window
            report.window = window.number
            report.appID = window.appID.cut(toBytes: StringLimit.appID)
            report.title = window.title.cut(toBytes: StringLimit.title)
            report.isTitleTruncated = window.title.utf8.count > StringLimit.title
            report.processID = window.processID
            report.output = globals.outputs.name(of: window.output).cut(toBytes: StringLimit.output)
        }
        if var last = lastReport {
            last.timeMicroseconds = report.timeMicroseconds
            if last == report { return }
            // What a launcher had until now is not the window's.
            if last.state == .unknown { report.timeMicroseconds = kymo_monotonic_microseconds() }
        }
        lastReport = report
        handlers.focus(report)
        askOfFocused()
    }
}
