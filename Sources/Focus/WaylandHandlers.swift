import AgentProtocol

extension WaylandBackend {
    public struct Handlers {
        /// `phase` has changed.
        public var phase: () -> Void
        public var focus: (FocusReport) -> Void
        /// Where the window of the last focus report is; also when it comes to be elsewhere.
        public var place: (WindowPlaceReport) -> Void
        public var keymap: (Keymap?) -> Void
        /// Which group of it is in force, where the source of windows knows; nil: it cannot say now.
        public var group: (UInt32?) -> Void
        public var watermark: (Watermark) -> Void
        /// All outputs, whenever one comes, changes or goes; also where the compositor tells of no windows.
        public var outputs: (OutputsReport) -> Void
        /// Process and place of the focused window are wanted: `note` takes the answer, if somebody has one.
        public var focusedWanted: () -> Void
        public init(
            phase: @escaping () -> Void, focus: @escaping (FocusReport) -> Void,
            place: @escaping (WindowPlaceReport) -> Void, keymap: @escaping (Keymap?) -> Void,
            group: @escaping (UInt32?) -> Void, watermark: @escaping (Watermark) -> Void,
            outputs: @escaping (OutputsReport) -> Void, focusedWanted: @escaping () -> Void
        ) {
            self.phase = phase
            self.focus = focus
            self.place = place
            self.keymap = keymap
            self.group = group
            self.watermark = watermark
            self.outputs = outputs
            self.focusedWanted = focusedWanted
        }
    }

    /// What the compositor has shown of itself so far.
    public enum Phase: Sendable, Equatable {
        /// It has not said yet what it offers: it may hang, and nothing here waits for it.
        case asking
        /// The initial state is known, and every change will be told.
        case usable
        /// It tells nobody of its windows. The connection stays, in case that it starts to, or goes away.
        case lacking
    }
}
