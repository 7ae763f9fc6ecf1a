/// What keyboards type by, as somebody other than the keymap tells it.
public struct ActiveLayout: Sendable, Hashable {
    /// The group of the keymap.
    public var group: UInt32
    /// What that group is called in the keymap which is meant: keyboards may have keymaps of their own, so that the
    /// number alone says little. Nil where one keymap serves them all.
    public var name: String?
    public init(group: UInt32, name: String? = nil) {
        self.group = group
        self.name = name
    }
}
