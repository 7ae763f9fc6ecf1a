import CLinuxShim
import Events

/// A password's field may have had the focus, perhaps some time ago: an app whose word may come late has told of one, or of an
/// object of which it does not say what it is; or it will not tell any more of what it had.
struct Suspicion {
    private let process: Int32
    private let ancestors: Set<Int32>

    init(of app: AccessibleApp) {
        process = app.process
        ancestors = app.ancestors
    }

    /// Any app.
    init() {
        process = 0
        ancestors = []
    }

    /// Whether it may have been in a window of that process; 0: nobody knows of which it is.
    func mayBeIn(_ window: Int32) -> Bool {
        process == 0 || window == 0 || process == window || ancestors.contains(window)
    }
}

/// The windows that had the focus until lately: an app that is late may speak of one of them.
struct LeftWindows {
    private struct Window {
        var number: UInt64
        var process: Int32
        var leftMicroseconds: UInt64
    }

    /// Longer than the gate waits for an app that is late.
    private static let memoryMicroseconds: UInt64 = 10_000_000
    /// Nobody leaves as many in that time.
    private static let limit = 32
    private var windows: [Window] = []

    mutating func add(_ number: UInt64, process: Int32) {
        let now = kymo_monotonic_microseconds()
        windows.removeAll { now - $0.leftMicroseconds > Self.memoryMicroseconds || $0.number == number }
        if windows.count == Self.limit { windows.removeFirst() }
        windows.append(Window(number: number, process: process, leftMicroseconds: now))
    }

    mutating func forget() { windows.removeAll() }

    /// Those in which it may have been.
    func suspected(by suspicion: Suspicion) -> [UInt64] {
        windows.filter { suspicion.mayBeIn($0.process) }.map(\.number)
    }
}
