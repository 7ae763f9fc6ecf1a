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
    /// It is this process.
    var isOurs = false
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
        /// It was there before anybody looked.
        var isOfBefore = false
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

    /// Above a window that is activated already there may be a menu or a lock screen. Which client that would be nobody can say: not
    /// even where there is one program and one window, for Xwayland and Flatpak's apps are connected by other sockets.
    /// - Parameters:
    ///   - nextWindow: what the next window that is announced will be called.
    ///   - isActivated: whether a window is activated already.
    init(
        atFirst connections: Connections?, nextWindow: UInt64, isActivated: Bool, atMicroseconds now: UInt64
    ) {
        isBlind = connections == nil
        self.nextWindow = nextWindow
        let accepted = connections?.accepted ?? []
        if isActivated {
            ownConnections = 0
            for inode in accepted {
                doubted[inode] = Client(isOfBefore: true, seenMicroseconds: now, firstWindow: nextWindow)
            }
        } else {
            known = accepted
            // No window has the keyboard that another could have taken, whether the compositor had time for that one or not.
            ownConnections = connections?.waiting ?? 0
        }
    }

    /// Why the focus is not known; nil: no launcher is there.
    var reason: String? {
        if isBlind { return "who is connected to the compositor cannot be seen" }
        guard !doubted.isEmpty else { return nil }
        return doubted.values.allSatisfy(\.isOfBefore)
            ? "what was there before the agent may have the keyboard, until the next change of window"
            : "a client without a window is there, and may have the keyboard"
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
        judge(new.map { ($0, newcomer($0, known)) }, atMicroseconds: now)
        // One that does not wait any more was among them, or is gone.
        ownConnections = min(ownConnections, connections.waiting)
        self.nextWindow = nextWindow
    }

    private mutating func judge(_ new: [(inode: UInt64, who: Newcomer)], atMicroseconds now: UInt64) {
        let ours = new.filter(\.who.isOurs)
        known.formUnion(ours.map(\.inode))
        ownConnections = max(ownConnections - ours.count, 0)
        // Whose they are the kernel does not say: ours, if there are no more of them than we made.
        let nobodys = new.filter { !$0.who.isOurs && $0.who.program == nil }
        let areOurs = nobodys.count <= ownConnections
        if areOurs {
            known.formUnion(nobodys.map(\.inode))
            ownConnections -= nobodys.count
        }
        for (inode, who) in new where !known.contains(inode) {
            // Each process of Firefox's connects by itself. An app that makes a launcher is another program.
            if who.isOfKnown {
                known.insert(inode)
            } else {
                doubted[inode] = Client(seenMicroseconds: now, firstWindow: nextWindow, program: who.program)
            }
        }
    }

    /// Windows that became activated since the last time, behind a look that was taken afterwards.
    mutating func activated(_ activations: [Activation], atMicroseconds time: UInt64) {
        guard !activations.isEmpty else { return }
        explain { $0.seenMicroseconds + Self.startMicroseconds <= time }
        // Each program that starts with windows brings at least one.
        brought += activations.filter(\.isFirst).map(\.window)
        let firstWindows = firstWindowsOfPrograms.sorted(by: >)
        let pairs = zip(brought.sorted(by: >), firstWindows)
        // Whoever was there before has brought none of them.
        if brought.count >= firstWindows.count, pairs.allSatisfy({ $0 >= $1 }) { explain { !$0.isOfBefore } }
        if doubted.isEmpty { brought.removeAll() }
    }

    /// Chromium, for one, connects twice.
    private var firstWindowsOfPrograms: [UInt64] {
        let newcomers = doubted.values.filter { !$0.isOfBefore }
        let unknown = newcomers.filter { $0.program == nil }.map(\.firstWindow)
        let known = Dictionary(grouping: newcomers.filter { $0.program != nil }, by: \.program)
        return unknown + known.values.compactMap { $0.map(\.firstWindow).min() }
    }

    private mutating func explain(_ isExplained: (Client) -> Bool) {
        let explained = doubted.filter { isExplained($0.value) }.keys
        known.formUnion(explained)
        for inode in explained { doubted[inode] = nil }
    }
}
