import Events

/// What somebody did that may have moved the focus inside an app that tells late, as far as the app has not told of it.
///
/// An app that was busy for long enough tells of the field in which it ends alone: somebody went to a password's, typed, and
/// went on, and no word of it ever comes (Firefox, whose page's process was stopped meanwhile, in five of six tries). So who
/// goes on while the app owes a word has met a field that may be any.
struct OwedMoves {
    enum Action {
        /// May move the focus to another field: Tab, a click, a tap.
        case moves
        /// May leave the field: Enter, Escape, whatever begins a command. As beginnings they owe nothing, or each line of a
        /// chat would.
        case leaves
    }

    /// A word that has not come for so long does not come: nothing has moved.
    private static let patienceMicroseconds = LateCounts.patienceMicroseconds
    private var count = 0
    private var lastMicroseconds: UInt64 = 0
    private var toldMicroseconds: UInt64 = 0

    /// - Returns: whether the field that may be left now has not been told of.
    mutating func acted(_ action: Action, atMicroseconds time: UInt64) -> Bool {
        if time > lastMicroseconds + Self.patienceMicroseconds { count = 0 }
        let isOwed = count > 0
        if action == .moves {
            count += 1
            lastMicroseconds = time
        }
        return isOwed
    }

    /// The app's word on a move, and since when it is known; each may be about the oldest that it owes. The same told again
    /// is no other.
    mutating func told(sinceMicroseconds time: UInt64) {
        guard time > toldMicroseconds else { return }
        toldMicroseconds = time
        count = max(0, count - 1)
    }

    /// Another window has the focus: what its app tells of it owes nothing to what was done before.
    mutating func windowChanged(atMicroseconds time: UInt64) -> Bool {
        defer { count = 0 }
        return acted(.leaves, atMicroseconds: time)
    }
}

extension OwedMoves.Action {
    /// By the places of keys (linux/input-event-codes.h): what they mean is known only later.
    init?(_ payload: Payload) {
        switch payload {
        case .key(let key) where key.press == .pressed:
            switch key.code {
            case 15: self = .moves  // KEY_TAB
            // KEY_ESC, KEY_ENTER, KEY_KPENTER; KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTALT, KEY_LEFTMETA, KEY_RIGHTMETA.
            case 1, 28, 96, 29, 97, 56, 125, 126: self = .leaves
            default: return nil
            }
        case .button(let button) where button.press == .pressed: self = .moves
        case .touch(let touch) where touch.phase == .down: self = .moves
        case .tabletTool(let tool) where tool.phase == .tipDown: self = .moves
        default: return nil
        }
    }
}
