import AgentProtocol
import Events

extension GnomeShell {
    public struct Handlers {
        /// `phase` has changed.
        public var phase: () -> Void
        public var focus: (FocusReport) -> Void
        /// Where the window of the last focus report is; also when it comes to be elsewhere.
        public var place: (WindowPlaceReport) -> Void
        /// Before the report of the focus that came with it.
        public var purpose: (ContentPurpose) -> Void
        /// Group of the keymap; nil: not known.
        public var group: (UInt32?) -> Void
        public var watermark: (Watermark) -> Void
        /// Whether a person sees the indicator, or why not.
        public var seen: (Bool, String) -> Void
        public var clicked: () -> Void
        /// The person's settings for pointers; nil: not known.
        public var settings: ([DeviceChoice]?) -> Void
        public init(
            phase: @escaping () -> Void, focus: @escaping (FocusReport) -> Void,
            place: @escaping (WindowPlaceReport) -> Void,
            purpose: @escaping (ContentPurpose) -> Void, group: @escaping (UInt32?) -> Void,
            watermark: @escaping (Watermark) -> Void, seen: @escaping (Bool, String) -> Void,
            clicked: @escaping () -> Void, settings: @escaping ([DeviceChoice]?) -> Void
        ) {
            self.phase = phase
            self.focus = focus
            self.place = place
            self.purpose = purpose
            self.group = group
            self.watermark = watermark
            self.seen = seen
            self.clicked = clicked
            self.settings = settings
        }
    }

    public enum Phase: Sendable, Equatable {
        /// Nobody of that name is on the bus, or it is not the compositor.
        case absent(String)
        case asking
        case usable
        /// It is there, and the extension is not: why.
        case lacking(String)
    }
}
