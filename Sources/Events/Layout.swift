/// What a key is to the layout: the role it plays as a modifier.
public enum ModifierRole: UInt8, Sendable, Hashable, CaseIterable {
    case none = 0, shift, control, alt, `super`, level3, capsLock
}

/// The bounded table that the agent compiles from keymap and group: enough to tell class from key code,
/// too little to carry anything else.
public struct LayoutTable: Sendable, Hashable {
    /// Key codes 0…255 (an XKB keymap reaches no further).
    public static let codeCount = 256
    /// Shift levels: none, Shift, Level3, Shift+Level3.
    public static let levelCount = 4
    /// `levelCount` classes per code, code-major: `classes[code * 4 + level]`.
    public static let byteCount = codeCount * levelCount + codeCount

    /// `KeyClass` raw values. A key whose class depends on Caps Lock has class `text`.
    public private(set) var classes: [KeyClass]
    public private(set) var roles: [ModifierRole]

    /// Nil when the sizes are wrong.
    public init?(classes: [KeyClass], roles: [ModifierRole]) {
        guard classes.count == Self.codeCount * Self.levelCount, roles.count == Self.codeCount else { return nil }
        self.classes = classes
        self.roles = roles
    }

    /// Class of a key; `other` for codes beyond the table: an XKB keymap gives them no symbol, so they type nothing.
    public func keyClass(code: UInt16, modifiers: Modifiers) -> KeyClass {
        guard code < Self.codeCount else { return .other }
        let level = (modifiers.contains(.shift) ? 1 : 0) + (modifiers.contains(.level3) ? 2 : 0)
        return classes[Int(code) * Self.levelCount + level]
    }

    /// Role of a key; `none` for codes beyond the table.
    public func role(code: UInt16) -> ModifierRole { code < Self.codeCount ? roles[Int(code)] : .none }
}
