/// Which button a tap with two fingers is, and with three.
public enum TapButtons: UInt8, Sendable, Hashable, CaseIterable { case rightThenMiddle = 1, middleThenRight = 2 }

/// How a touchpad that is one button tells which of its buttons is meant.
public enum ClickMethod: UInt8, Sendable, Hashable, CaseIterable { case none = 1, buttonAreas = 2, clickfinger = 3 }

/// What scrolls on a device without a wheel, or beside it.
public enum ScrollMethod: UInt8, Sendable, Hashable, CaseIterable {
    case none = 1, twoFinger = 2, edge = 3, onButtonDown = 4
}

/// Whether a device is listened to at all.
public enum SendMode: UInt8, Sendable, Hashable, CaseIterable {
    case enabled = 1, disabled = 2, disabledOnExternalMouse = 3
}

/// What the person has chosen of what libinput makes of a device's input. Nil: not told, or the device has no such choice.
public struct DeviceSettings: Sendable, Hashable {
    /// A touch counts as a click.
    public var tap: Bool?
    public var tapButtons: TapButtons?
    /// A tap, and a finger that stays down behind it, drags.
    public var tapDrag: Bool?
    /// The finger may leave for a moment and goes on dragging.
    public var tapDragLock: Bool?
    public var naturalScroll: Bool?
    public var leftHanded: Bool?
    /// Left and right together are the middle button.
    public var middleEmulation: Bool?
    public var clickMethod: ClickMethod?
    public var scrollMethod: ScrollMethod?
    /// `BTN_*`: the one that has to be down, where the method is `onButtonDown`. Never 0.
    public var scrollButton: UInt16?
    public var disableWhileTyping: Bool?
    public var sends: SendMode?

    public init() {}
}

extension DeviceSettings {
    /// Each as a number, in the order in which they are declared: 0 for nil, 1 for off and 2 for on, raw values, and the
    /// button's code. So they are stored, and sent.
    public var numbers: [UInt16] {
        func number(_ flag: Bool?) -> UInt16 { flag.map { $0 ? 2 : 1 } ?? 0 }
        return [
            number(tap), UInt16(tapButtons?.rawValue ?? 0), number(tapDrag), number(tapDragLock),
            number(naturalScroll), number(leftHanded), number(middleEmulation), UInt16(clickMethod?.rawValue ?? 0),
            UInt16(scrollMethod?.rawValue ?? 0), scrollButton ?? 0, number(disableWhileTyping),
            UInt16(sends?.rawValue ?? 0),
        ]
    }
    public static let numberCount = 12
    /// The greatest that each may be.
    public static let numberLimits: [UInt16] = [2, 2, 2, 2, 2, 2, 2, 3, 4, .max, 2, 3]

    /// Nil: there are more or fewer, or one is none of those that are named.
    public init?(numbers: [UInt16]) {
        guard numbers.count == Self.numberCount, zip(numbers, Self.numberLimits).allSatisfy({ $0 <= $1 }) else {
            return nil
        }
        func flag(_ index: Int) -> Bool? { numbers[index] == 0 ? nil : numbers[index] == 2 }
        func raw<T: RawRepresentable>(_ index: Int) -> T? where T.RawValue == UInt8 {
            T(rawValue: UInt8(numbers[index]))
        }
        tap = flag(0)
        tapButtons = raw(1)
        tapDrag = flag(2)
        tapDragLock = flag(3)
        naturalScroll = flag(4)
        leftHanded = flag(5)
        middleEmulation = flag(6)
        clickMethod = raw(7)
        scrollMethod = raw(8)
        scrollButton = numbers[9] == 0 ? nil : numbers[9]
        disableWhileTyping = flag(10)
        sends = raw(11)
    }
}

/// Which devices a desktop means.
public enum DeviceSelector: Sendable, Hashable {
    /// The node: `event5`.
    case node(String)
    /// All of one make, by name and numbers, where the desktop has no more exact name for them.
    case make(vendor: UInt16, product: UInt16, name: String)
    /// Whatever can tell taps.
    case touchpads
    /// Every other pointer.
    case mice
}

/// What a desktop says of some devices.
public struct DeviceChoice: Sendable, Hashable {
    public var selector: DeviceSelector
    public var settings: DeviceSettings
    public init(_ selector: DeviceSelector, _ settings: DeviceSettings) {
        self.selector = selector
        self.settings = settings
    }
}

/// What is in force for the device `Event.device`, from here on.
public struct SettingsNotice: Sendable, Hashable {
    /// False: the desktop says nothing of the device any more, and what is in force is the device's own default.
    public var isKnown: Bool
    /// By libinput's word: of those that the device has, each.
    public var settings: DeviceSettings
    /// Who told: `sway`, `gnome-shell`, `kwin`. Empty where nothing is known.
    public var source: String
    public init(isKnown: Bool, settings: DeviceSettings, source: String) {
        self.isKnown = isKnown
        self.settings = settings
        self.source = source
    }
}
