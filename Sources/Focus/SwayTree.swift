import Events

/// One node of sway's answer to `get_tree`, as far as it is of use here (sway-ipc(7)).
struct SwayTree: Decodable {
    var focused: Bool?
    var app_id: String?
    var pid: Int32?
    var rect: Box?
    var nodes: [SwayTree]?
    var floating_nodes: [SwayTree]?

    /// In the plane of the outputs, with borders, without the title's bar.
    struct Box: Decodable {
        var x: Int32
        var y: Int32
        var width: UInt32
        var height: UInt32
    }

    /// Nil: no window has the focus.
    var focusedWindow: FocusedWindow? {
        guard let node = focusedNode, let pid = node.pid, pid > 0 else { return nil }
        return FocusedWindow(
            appID: node.app_id, processID: pid,
            place: node.rect.map { WindowPlace(x: $0.x, y: $0.y, width: $0.width, height: $0.height) })
    }

    private var focusedNode: SwayTree? {
        if focused == true { return self }
        for child in (nodes ?? []) + (floating_nodes ?? []) {
            if let found = child.focusedNode { return found }
        }
        return nil
    }
}

/// An event of sway's about a window or a workspace.
struct SwayChange: Decodable {
    var change: String

    /// Whether windows may be somewhere else then. Which has the focus is learnt otherwise.
    var mayMove: Bool { !["focus", "title", "mark", "urgent"].contains(change) }
}
