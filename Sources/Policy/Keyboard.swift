import Events

/// What the gate knows of the seat's keyboards: modifiers in effect, and which keys' presses were let through.
struct Keyboard {
    private static let codeCount = 768

    /// How many keys of each role are down; several keyboards share one seat.
    private var down: [Int] = Array(repeating: 0, count: ModifierRole.allCases.count)
    /// The role each key had when it went down, so that a layout change in between cannot leave a modifier stuck.
    private var roleWhenPressed: [ModifierRole?] = Array(repeating: nil, count: Keyboard.codeCount)
    /// Keys whose press was written with its identity: only their release may be written.
    private var isPressWritten: [Bool] = Array(repeating: false, count: Keyboard.codeCount)
    /// Keys that were down before the recorder looked: until they are up, nobody knows which modifiers are in effect.
    private var stale: Set<UInt32> = []

    /// Releases, or presses of what chooses a level, may have gone missing.
    private var hasLostTrack = false

    private(set) var modifiers: Modifiers = []

    var isTrusted: Bool { stale.isEmpty && !hasLostTrack }

    mutating func wereDownAtOpen(_ codes: [UInt16], device: DeviceID) {
        for code in codes { stale.insert(UInt32(device) << 16 | UInt32(code)) }
    }

    mutating func deviceRemoved(_ device: DeviceID) {
        stale = stale.filter { $0 >> 16 != UInt32(device) }
    }

    /// Follows a key, whether it will be written or not.
    mutating func follow(_ key: Key, device: DeviceID, layout: LayoutTable?) {
        if !stale.isEmpty { stale.remove(UInt32(device) << 16 | UInt32(key.code)) }
        guard key.code < Self.codeCount else { return }
        let code = Int(key.code)
        switch key.press {
        case .pressed:
            guard roleWhenPressed[code] == nil else { return }
            // Without a layout nobody knows what this key chooses while it is held.
            if layout == nil { stale.insert(UInt32(device) << 16 | UInt32(key.code)) }
            let role = layout?.role(code: key.code) ?? .none
            roleWhenPressed[code] = role
            down[Int(role.rawValue)] += 1
        case .released:
            guard let role = roleWhenPressed[code] else { return }
            roleWhenPressed[code] = nil
            down[Int(role.rawValue)] -= 1
        }
        modifiers = effectiveModifiers()
    }

    private func effectiveModifiers() -> Modifiers {
        var result: Modifiers = []
        if down[Int(ModifierRole.shift.rawValue)] > 0 { result.insert(.shift) }
        if down[Int(ModifierRole.control.rawValue)] > 0 { result.insert(.control) }
        if down[Int(ModifierRole.alt.rawValue)] > 0 { result.insert(.alt) }
        if down[Int(ModifierRole.super.rawValue)] > 0 { result.insert(.super) }
        if down[Int(ModifierRole.level3.rawValue)] > 0 { result.insert(.level3) }
        return result
    }

    mutating func pressWasWritten(_ code: UInt16) {
        if code < Self.codeCount { isPressWritten[Int(code)] = true }
    }

    /// Whether the release belongs to a written press; forgets that press.
    mutating func takeWrittenPress(_ code: UInt16) -> Bool {
        guard code < Self.codeCount, isPressWritten[Int(code)] else { return false }
        isPressWritten[Int(code)] = false
        return true
    }

    /// Keys went missing before they were looked at: a Control whose release is one of them would make a command of every
    /// letter. Nothing tells when that ends, short of closing the devices.
    mutating func loseTrack() {
        reset()
        hasLostTrack = true
    }

    /// No release of a key that is down is written any more.
    mutating func forgetWrittenPresses() {
        for code in isPressWritten.indices { isPressWritten[code] = false }
    }

    /// Everything is unknown again (devices were closed, or what waited was discarded).
    mutating func reset() { self = Keyboard() }
}

/// The layouts in force, as far back as keys may still be waiting.
struct LayoutHistory {
    private struct Change {
        var table: LayoutTable?
        var timeMicroseconds: UInt64
        /// Keys at or before this time certainly met the layout before.
        var provenMicroseconds: UInt64
    }

    /// A key from before the oldest one that is kept met nobody knows what.
    private static let capacity = 16
    private var changes: [Change] = []

    mutating func change(to table: LayoutTable?, atMicroseconds time: UInt64, provenMicroseconds: UInt64) {
        // The same layout told again leaves no doubt about keys just before.
        if let last = changes.last, last.table == table { return }
        if changes.count == Self.capacity { changes.removeFirst() }
        changes.append(Change(table: table, timeMicroseconds: time, provenMicroseconds: provenMicroseconds))
    }

    /// The table for a key at that time; nil where nobody knows which of two it met.
    func table(at time: UInt64) -> LayoutTable? {
        guard let index = changes.lastIndex(where: { $0.timeMicroseconds < time }) else { return nil }
        let isDisputed = changes[(index + 1)...].contains { $0.provenMicroseconds < time }
        return isDisputed ? nil : changes[index].table
    }
}

/// What a key press amounts to under the rule `class`.
enum KeyMeaning: Equatable {
    /// A modifier by itself says nothing.
    case modifier
    /// Control, Alt or Super with a key: keeps its identity and time.
    case command
    case text(KeyClass)

    init(_ key: Key, modifiers: Modifiers, layout: LayoutTable?, isTrusted: Bool) {
        guard let layout else {
            self = .text(.text)
            return
        }
        guard layout.role(code: key.code) == .none else {
            self = .modifier
            return
        }
        // A third level means that the key types something, whatever else is held (Ctrl+Alt is AltGr to some).
        let isCommand = !modifiers.isDisjoint(with: [.control, .alt, .super]) && !modifiers.contains(.level3)
        self =
            isCommand && isTrusted ? .command : .text(layout.keyClass(code: key.code, modifiers: modifiers))
    }
}
