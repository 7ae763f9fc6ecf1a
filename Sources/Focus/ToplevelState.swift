import AgentProtocol
import Events

/// The windows that the compositor tells of, and which of them is activated. Pure: events in, focus out.
struct ToplevelState {
    struct Window: Equatable {
        var number: UInt64
        var appID = ""
        var title = ""
        var isActivated = false
        fileprivate var wasActivated = false
        /// 0 as long as nobody has told it.
        var processID: Int32 = 0
        /// Nil as long as nobody has told it.
        var place: WindowPlace?
        /// In the order in which the window came to be on them.
        fileprivate var outputs: [OpaquePointer] = []
        /// As of the last `done`; what came since counts only with the next.
        fileprivate var pending: (appID: String?, title: String?, isActivated: Bool?, outputs: [OpaquePointer]?) =
            (nil, nil, nil, nil)

        /// Where the window is; of several the one it came to last. Nil: on none, or nobody tells.
        var output: OpaquePointer? { outputs.last }

        static func == (a: Window, b: Window) -> Bool {
            a.number == b.number && a.appID == b.appID && a.title == b.title && a.isActivated == b.isActivated
                && a.processID == b.processID && a.place == b.place && a.outputs == b.outputs
        }
    }

    private var windows: [OpaquePointer: Window] = [:]
    /// What the next window that is announced will be called.
    private(set) var nextNumber: UInt64 = 1
    private var activations: [Activation] = []
    /// Which became activated last: between two `done`s both the old and the new window may say that they are.
    private var lastActivated: OpaquePointer?
    /// How often any window became active, stopped being so, or closed: equal counts, same focus all the while.
    private(set) var changeCount: UInt64 = 0

    mutating func opened(_ handle: OpaquePointer) {
        windows[handle] = Window(number: nextNumber)
        nextNumber += 1
    }

    mutating func appID(_ handle: OpaquePointer, _ appID: String) { windows[handle]?.pending.appID = appID }
    mutating func title(_ handle: OpaquePointer, _ title: String) { windows[handle]?.pending.title = title }
    mutating func activated(_ handle: OpaquePointer, _ isActivated: Bool) {
        windows[handle]?.pending.isActivated = isActivated
    }

    mutating func entered(_ handle: OpaquePointer, output: OpaquePointer?) {
        guard let output, let window = windows[handle] else { return }
        let before = window.pending.outputs ?? window.outputs
        windows[handle]?.pending.outputs = before.filter { $0 != output } + [output]
    }

    mutating func left(_ handle: OpaquePointer, output: OpaquePointer?) {
        guard let window = windows[handle] else { return }
        windows[handle]?.pending.outputs = (window.pending.outputs ?? window.outputs).filter { $0 != output }
    }

    /// Its pointer may be another output's tomorrow. No `done` comes for that.
    mutating func outputRemoved(_ output: OpaquePointer) {
        for handle in windows.keys {
            windows[handle]?.outputs.removeAll { $0 == output }
            windows[handle]?.pending.outputs?.removeAll { $0 == output }
        }
    }

    mutating func done(_ handle: OpaquePointer) {
        guard var window = windows[handle] else { return }
        window.appID = window.pending.appID ?? window.appID
        window.title = window.pending.title ?? window.title
        if let isActivated = window.pending.isActivated {
            if isActivated != window.isActivated { changeCount += 1 }
            if isActivated, !window.isActivated {
                lastActivated = handle
                activations.append(Activation(window: window.number, isFirst: !window.wasActivated))
                window.wasActivated = true
            }
            window.isActivated = isActivated
        }
        window.outputs = window.pending.outputs ?? window.outputs
        window.pending = (nil, nil, nil, nil)
        windows[handle] = window
    }

    mutating func closed(_ handle: OpaquePointer) {
        windows[handle] = nil
        changeCount += 1
        if lastActivated == handle { lastActivated = nil }
    }

    /// Which windows became activated since the last call, in that order.
    mutating func takeActivations() -> [Activation] {
        defer { activations.removeAll(keepingCapacity: true) }
        return activations
    }

    /// The process of a window, from the compositor itself.
    mutating func process(_ handle: OpaquePointer, _ processID: Int32) { windows[handle]?.processID = processID }

    /// Where a window is, from the compositor itself.
    mutating func placed(_ handle: OpaquePointer, _ place: WindowPlace?) { windows[handle]?.place = place }

    /// The process of the window that has the focus, as somebody else says. False: that is another window.
    mutating func focusedIs(_ told: FocusedWindow) -> Bool {
        guard let handle = focusedHandle, told.appID == nil || windows[handle]?.appID == told.appID else {
            return false
        }
        windows[handle]?.processID = told.processID
        return true
    }

    /// The window that owns the keyboard: the activated one; of several the latest; nil if none is.
    var focused: Window? { focusedHandle.flatMap { windows[$0] } }

    private var focusedHandle: OpaquePointer? {
        if let lastActivated, windows[lastActivated]?.isActivated == true { return lastActivated }
        return windows.first { $0.value.isActivated }?.key
    }
}
