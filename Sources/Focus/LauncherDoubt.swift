/// Who is connected to a compositor at one moment.
struct Connections: Equatable {
    /// By the inodes of their sockets at its end.
    var accepted: Set<UInt64> = []
    /// Connected, and not yet taken by the compositor: nobody who could have the keyboard.
    var waiting = 0
}

/// Who has just connected.
struct Newcomer: Equatable {
    /// The first of the processes of that program that made each other, down to the one that connected. Nil: not known.
    var program: Int32?
    /// One of these was connected before.
    var isOfKnown = false
}

/// A window that became the activated one.
struct Activation: Equatable {
    /// As `ToplevelState` counts them: a window announced later has a larger one.
    var window: UInt64
    /// It never was before.
    var isFirst: Bool
}

/// Whether a launcher may have the keyboard of a window that the compositor still calls activated.
///
/// Whatever takes the keyboard has to connect before: a client that came, and that no window explains, may be a launcher.
/// Pure: looks and activations in, doubt out.
struct LauncherDoubt {
    private struct Client {
        var seenMicroseconds: UInt64
        /// The number of the first window that can be its own: the others were announced while it was not there.
        var firstWindow: UInt64
        var program: Int32?
    }

    /// A launcher that has been there for so long has its menu on the screen. A window that gets the keyboard
    /// later got it from it.
    static let startMicroseconds: UInt64 = 5_000_000

    private var known: Set<UInt64> = []
    private var doubted: [UInt64: Client] = [:]
    /// New windows that became activated while some are doubted.
    private var brought: [UInt64] = []
    /// Connections that this process made, and of which nobody says which they are.
    private var ownConnections: Int
    private var nextWindow: UInt64
    /// Nobody could look.
    private var isBlind = false
    /// A window was activated before anybody looked, and none has become activated since: one of those that were there may be a
    /// menu or a lock screen above it.
    private var isInherited: Bool

    /// - Parameters:
    ///   - nextWindow: what the next window that is announced will be called.
    ///   - apps: how many apps the windows are of, if one of them is activated; else 0.
    ///   - newcomer: as for `looked`.
    init(
        atFirst connections: Connections?, nextWindow: UInt64, apps: Int,
        newcomer: (UInt64, Set<UInt64>) -> Newcomer
    ) {
        // Where every program that is connected has windows there is no other.
        isInherited = apps > 0 && connections.map { Self.areMore(than: apps, behind: $0, newcomer) } ?? true
        known = connections?.accepted ?? []
        isBlind = connections == nil
        // Who was there before is nobody's to judge, whether the compositor had time for them or not.
        ownConnections = connections?.waiting ?? 0
        self.nextWindow = nextWindow
    }

    private static func areMore(
        than apps: Int, behind connections: Connections, _ newcomer: (UInt64, Set<UInt64>) -> Newcomer
    ) -> Bool {
        var judged: Set<UInt64> = []
        var programs: Set<Int32> = []
        var unknown = connections.waiting
        for inode in connections.accepted {
            let one = newcomer(inode, judged)
            judged.insert(inode)
            if let program = one.program { programs.insert(program) } else if !one.isOfKnown { unknown += 1 }
            if programs.count + unknown > apps { break }
        }
        return programs.count + unknown > apps
    }

    /// Why the focus is not known; nil: no launcher is there.
    var reason: String? {
        if isBlind { return "who is connected to the compositor cannot be seen" }
        if isInherited {
            return "what was there before the agent may have the keyboard, until the next change of window"
        }
        guard !doubted.isEmpty else { return nil }
        return "a client without a window is there, and may have the keyboard"
    }

    /// Whether the next look has to find what is new even if nothing seems to be.
    var expectsConnection: Bool { ownConnections > 0 }

    /// This process has connected once more.
    mutating func connected() { ownConnections += 1 }

    /// - Parameters:
    ///   - connections: nil: they could not be seen.
    ///   - newcomer: who is behind a connection that is new; beside it those that are explained.
    mutating func looked(
        _ connections: Connections?, nextWindow: UInt64, atMicroseconds now: UInt64,
        newcomer: (UInt64, Set<UInt64>) -> Newcomer
    ) {
        isBlind = connections == nil
        guard let connections else { return }
        let left = doubted.filter { connections.accepted.contains($0.key) }
        // They may have been the windows of a client that is gone.
        if left.count < doubted.count { brought.removeAll() }
        doubted = left
        let new = connections.accepted.subtracting(known).subtracting(doubted.keys)
        known.formIntersection(connections.accepted)
        if new.count <= ownConnections {
            known.formUnion(new)
            ownConnections -= new.count
        } else {
            for inode in new { judge(inode, newcomer(inode, known), atMicroseconds: now) }
        }
        // One that does not wait any more was among them, or is gone.
        ownConnections = min(ownConnections, connections.waiting)
        self.nextWindow = nextWindow
    }

    private mutating func judge(_ inode: UInt64, _ newcomer: Newcomer, atMicroseconds now: UInt64) {
        // Each process of Firefox's connects by itself. An app that makes a launcher is another program.
        if newcomer.isOfKnown {
            known.insert(inode)
        } else {
            doubted[inode] = Client(seenMicroseconds: now, firstWindow: nextWindow, program: newcomer.program)
        }
    }

    /// Windows that became activated since the last time, behind a look that was taken afterwards.
    mutating func activated(_ activations: [Activation], atMicroseconds time: UInt64) {
        guard !activations.isEmpty else { return }
        isInherited = false
        explain { $0.seenMicroseconds + Self.startMicroseconds <= time }
        // Each program that starts with windows brings at least one.
        brought += activations.filter(\.isFirst).map(\.window)
        let firstWindows = firstWindowsOfPrograms.sorted(by: >)
        let pairs = zip(brought.sorted(by: >), firstWindows)
        if brought.count >= firstWindows.count, pairs.allSatisfy({ $0 >= $1 }) { explain { _ in true } }
        if doubted.isEmpty { brought.removeAll() }
    }

    /// Chromium, for one, connects twice.
    private var firstWindowsOfPrograms: [UInt64] {
        let unknown = doubted.values.filter { $0.program == nil }.map(\.firstWindow)
        let known = Dictionary(grouping: doubted.values.filter { $0.program != nil }, by: \.program)
        return unknown + known.values.compactMap { $0.map(\.firstWindow).min() }
    }

    private mutating func explain(_ isExplained: (Client) -> Bool) {
        let explained = doubted.filter { isExplained($0.value) }.keys
        known.formUnion(explained)
        for inode in explained { doubted[inode] = nil }
    }
}
