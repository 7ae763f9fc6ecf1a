import Focus

/// Which of a keymap's groups is in force.
enum ActiveGroup: Equatable {
    /// Nobody tells. Only a keymap of one group leaves no doubt.
    case untold
    /// Somebody tells, and has not answered yet or says that keyboards disagree.
    case open
    case told(ActiveLayout)

    func inForce(of keymap: Keymap) -> UInt32? {
        switch self {
        case .untold: keymap.groupCount == 1 ? 0 : nil
        case .open: nil
        // The seat's keymap is that of the keyboard which typed last. It may be gone, or another may type next.
        case .told(let layout):
            layout.group < keymap.groupCount
                && keymap.groupName(layout.group) == layout.name ?? keymap.groupName(layout.group)
                ? layout.group : nil
        }
    }
}
