/// What a device can do. Bits are part of the journal's format.
public struct Capabilities: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let keyboard = Capabilities(rawValue: 1 << 0)
    public static let pointer = Capabilities(rawValue: 1 << 1)
    public static let touch = Capabilities(rawValue: 1 << 2)
    public static let tabletTool = Capabilities(rawValue: 1 << 3)
    public static let tabletPad = Capabilities(rawValue: 1 << 4)
    public static let gesture = Capabilities(rawValue: 1 << 5)
    public static let `switch` = Capabilities(rawValue: 1 << 6)
}

/// A device arrived. `Event.device` is the number that its events will carry.
public struct DeviceDescription: Sendable, Hashable {
    /// As the device says it: untrusted bytes, made valid UTF-8, at most 256 bytes. Escape before printing.
    public var name: String
    /// `event5`: udev's sysname.
    public var sysname: String
    public var seat: String
    public var vendor: UInt16
    public var product: UInt16
    /// `BUS_*` of linux/input.h.
    public var bus: UInt16
    public var capabilities: Capabilities
    /// Physical size in micrometres for absolute devices, else 0.
    public var widthMicrometres: UInt32
    public var heightMicrometres: UInt32
    /// Whether the person's settings for it (`DeviceSettings`) were known when it came; what became known later, a
    /// `SettingsNotice` tells. True of what has none: keyboards, switches.
    public var isConfigurationKnown: Bool
    public init(
        name: String, sysname: String, seat: String, vendor: UInt16, product: UInt16, bus: UInt16 = 0,
        capabilities: Capabilities, widthMicrometres: UInt32 = 0, heightMicrometres: UInt32 = 0,
        isConfigurationKnown: Bool = false
    ) {
        self.name = name
        self.sysname = sysname
        self.seat = seat
        self.vendor = vendor
        self.product = product
        self.bus = bus
        self.capabilities = capabilities
        self.widthMicrometres = widthMicrometres
        self.heightMicrometres = heightMicrometres
        self.isConfigurationKnown = isConfigurationKnown
    }
}

/// The device `Event.device` is gone.
public struct DeviceRemoval: Sendable, Hashable {
    public var sysname: String
    public init(sysname: String) { self.sysname = sysname }
}

/// Whether somebody knows which window owns the keyboard.
public enum FocusState: UInt8, Sendable, Hashable, CaseIterable {
    /// No source, or a source that lost the compositor: nothing may be assumed.
    case unknown = 0
    /// The source knows that no window has the focus (empty workspace, launcher, lock screen).
    case none = 1
    case window = 2
}

/// How much of a title was kept.
public enum TitleForm: UInt8, Sendable, Hashable, CaseIterable {
    case off = 0, full = 1, truncated = 2
    /// The first 16 bytes of an HMAC-SHA-256 with the subject's key, in hexadecimal.
    case hash = 3
}

/// Which window owns the keyboard from `Event.timeMicroseconds` on.
public struct FocusDescription: Sendable, Hashable {
    /// The number that events attributed to it carry in `Event.focus`. Never 0.
    public var id: FocusID
    public var state: FocusState
    /// Empty where unknown, or where the rule for the app is `off`. At most 256 bytes, untrusted.
    public var appID: String
    /// Empty unless the policy allows it. At most 1024 bytes, untrusted.
    public var title: String
    public var titleForm: TitleForm
    /// 0 where the compositor does not tell it.
    public var processID: Int32
    /// The source's own number for the window; unique within one connection of the agent.
    public var window: UInt64
    /// Empty where unknown.
    public var output: String
    /// The backend that said so: `wlr-foreign-toplevel`…
    public var source: String
    /// The change took effect at some time in (time - uncertainty, time].
    public var uncertaintyMicroseconds: UInt32
    public init(
        id: FocusID, state: FocusState, appID: String = "", title: String = "", titleForm: TitleForm = .off,
        processID: Int32 = 0, window: UInt64 = 0, output: String = "", source: String = "",
        uncertaintyMicroseconds: UInt32 = 0
    ) {
        self.id = id
        self.state = state
        self.appID = appID
        self.title = title
        self.titleForm = titleForm
        self.processID = processID
        self.window = window
        self.output = output
        self.source = source
        self.uncertaintyMicroseconds = uncertaintyMicroseconds
    }
}

/// The keyboard layout in force on the seat.
public struct LayoutDescription: Sendable, Hashable {
    /// False: the active group, or the keymap, is unknown and every text key counts as class `text`.
    public var isKnown: Bool
    public var name: String
    public var group: UInt32
    /// FNV-1a of the keymap's text: tells keymaps apart, protects nothing.
    public var keymapHash: UInt64
    public init(isKnown: Bool, name: String = "", group: UInt32 = 0, keymapHash: UInt64 = 0) {
        self.isKnown = isKnown
        self.name = name
        self.group = group
        self.keymapHash = keymapHash
    }
}

/// The session whose input this is. A change of session starts a new segment.
public struct SessionDescription: Sendable, Hashable {
    public var subject: String
    public var userID: UInt32
    public var isActive: Bool
    public init(subject: String, userID: UInt32, isActive: Bool) {
        self.subject = subject
        self.userID = userID
        self.isActive = isActive
    }
}

/// What the subject has decided about being recorded, from here on.
public struct ConsentNotice: Sendable, Hashable {
    /// False: withdrawn.
    public var isGiven: Bool
    public var userID: UInt32
    /// The receipt's id, 32 hexadecimal digits. Of a withdrawal: which consent has ended.
    public var receipt: String
    /// Login name.
    public var subject: String
    public init(isGiven: Bool, userID: UInt32, receipt: String, subject: String) {
        self.isGiven = isGiven
        self.userID = userID
        self.receipt = receipt
        self.subject = subject
    }
}

/// Why a clock pair was taken.
public enum ClockReason: UInt8, Sendable, Hashable, CaseIterable { case start = 0, resume = 1, step = 2, rotation = 3 }

/// CLOCK_REALTIME at `Event.timeMicroseconds` of CLOCK_MONOTONIC.
public struct ClockPair: Sendable, Hashable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var realtimeMicroseconds: UInt64
    public var reason: ClockReason
    public init(realtimeMicroseconds: UInt64, reason: ClockReason) {
        self.realtimeMicroseconds = realtimeMicroseconds
        self.reason = reason
    }
}

/// The recorder itself: started, stopped.
public struct RecorderState: Sendable, Hashable {
    public var isRunning: Bool
    public var version: String
    public var libinputVersion: String
    public init(isRunning: Bool, version: String, libinputVersion: String) {
        self.isRunning = isRunning
        self.version = version
        self.libinputVersion = libinputVersion
    }
}
