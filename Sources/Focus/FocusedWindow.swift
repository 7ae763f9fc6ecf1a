import Events

/// What somebody other than the Wayland connection says of the window that has the focus.
public struct FocusedWindow: Sendable, Equatable {
    /// Nil: it has none there (a window of X11's).
    public var appID: String?
    public var processID: Int32
    public var place: WindowPlace?
}
