/// A signed fixed-point number with 8 fractional bits (the scale of `wl_fixed_t`). Mice report whole device units,
/// which keep their low byte zero; the journal's columns drop those common zero bits.
public struct Fixed8: Sendable, Hashable {
    public var raw: Int32
    public init(raw: Int32) { self.raw = raw }

    /// Rounds to the nearest 1/256 and saturates; NaN becomes 0.
    @inlinable public init(_ value: Double) {
        let scaled = (value * 256).rounded()
        if scaled >= -2_147_483_648 && scaled <= 2_147_483_647 {
            raw = Int32(scaled)
        } else {
            raw = scaled > 0 ? .max : (scaled < 0 ? .min : 0)
        }
    }
    public var value: Double { Double(raw) / 256 }
}

/// Pressed or released. The raw value is the kernel's (`linux/input.h`: `value` of EV_KEY).
public enum Press: UInt8, Sendable, Hashable, CaseIterable { case released = 0, pressed = 1 }

/// A key whose identity may be written.
public struct Key: Sendable, Hashable {
    /// `KEY_*` of linux/input-event-codes.h, 0…767.
    public var code: UInt16
    public var press: Press
    /// Modifiers in effect at the event, as the gate tracked them.
    public var modifiers: Modifiers
    public init(code: UInt16, press: Press, modifiers: Modifiers = []) {
        self.code = code
        self.press = press
        self.modifiers = modifiers
    }
}

public struct Modifiers: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let shift = Modifiers(rawValue: 1 << 0)
    public static let control = Modifiers(rawValue: 1 << 1)
    public static let alt = Modifiers(rawValue: 1 << 2)
    public static let `super` = Modifiers(rawValue: 1 << 3)
    /// AltGr and other choosers of a third level.
    public static let level3 = Modifiers(rawValue: 1 << 4)
}

/// What kind of key it was, when its identity is withheld. The raw value is the index into `KeyCounts`.
public enum KeyClass: UInt8, Sendable, Hashable, CaseIterable {
    case letter = 0
    case digit, punctuation, space, enter, editing, navigation
    /// Function, media and similar keys that type nothing.
    case other
    /// The layout is unknown: some key that is not known to be a command.
    case text
}

/// Presses per class in one bucket: what is left of typing under the rule `class`. No order inside, no releases:
/// typing rhythm identifies people.
public struct KeyCounts: Sendable, Equatable {
    /// Bucket length; `Event.timeMicroseconds` is the bucket's end. Buckets are aligned to multiples of it.
    public static let bucketMicroseconds: UInt64 = 100_000
    // Nine 16-bit counters packed into words: a SIMD type would force 32-byte alignment on every `Event`.
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    public init() {}

    /// Presses of that class, saturating at 65535.
    public subscript(_ keyClass: KeyClass) -> UInt16 {
        get {
            let shift = UInt64(keyClass.rawValue % 4) * 16
            return switch keyClass.rawValue / 4 {
            case 0: UInt16(truncatingIfNeeded: words.0 >> shift)
            case 1: UInt16(truncatingIfNeeded: words.1 >> shift)
            default: UInt16(truncatingIfNeeded: words.2 >> shift)
            }
        }
        set {
            let shift = UInt64(keyClass.rawValue % 4) * 16
            let mask = ~(UInt64(0xFFFF) << shift)
            let bits = UInt64(newValue) << shift
            switch keyClass.rawValue / 4 {
            case 0: words.0 = words.0 & mask | bits
            case 1: words.1 = words.1 & mask | bits
            default: words.2 = words.2 & mask | bits
            }
        }
    }

    public var isEmpty: Bool { words.0 | words.1 | words.2 == 0 }

    /// Of all classes together.
    public var sum: UInt64 { KeyClass.allCases.reduce(0) { $0 + UInt64(self[$1]) } }

    public static func == (a: KeyCounts, b: KeyCounts) -> Bool { a.words == b.words }
}

/// Relative motion, unaccelerated, in the device's own units (`libinput_event_pointer_get_dx_unaccelerated`).
public struct Motion: Sendable, Hashable {
    public var dx: Fixed8
    public var dy: Fixed8
    public init(dx: Fixed8, dy: Fixed8) {
        self.dx = dx
        self.dy = dy
    }
}

/// An absolute place on a device, each axis 0…65535 over its range.
public struct Position: Sendable, Hashable {
    public var x: Int32
    public var y: Int32
    public init(x: Int32, y: Int32) {
        self.x = x
        self.y = y
    }
}

public struct Button: Sendable, Hashable {
    /// `BTN_*` of linux/input-event-codes.h.
    public var code: UInt16
    public var press: Press
    public init(code: UInt16, press: Press) {
        self.code = code
        self.press = press
    }
}

public enum ScrollSource: UInt8, Sendable, Hashable, CaseIterable { case wheel = 1, finger = 2, continuous = 3 }

public struct ScrollAxes: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let vertical = ScrollAxes(rawValue: 1)
    public static let horizontal = ScrollAxes(rawValue: 2)
}

public struct Scroll: Sendable, Hashable {
    public var source: ScrollSource
    /// The axes this event speaks of; a value of 0 on such an axis of a finger or continuous source is the axis stop.
    public var axes: ScrollAxes
    /// Fractions of 120 per wheel click; 0 for other sources.
    public var verticalV120: Int32
    public var horizontalV120: Int32
    /// Degrees for wheels, device-dependent units else (`libinput_event_pointer_get_scroll_value`).
    public var vertical: Fixed8
    public var horizontal: Fixed8
    public init(
        source: ScrollSource, axes: ScrollAxes, verticalV120: Int32 = 0, horizontalV120: Int32 = 0,
        vertical: Fixed8 = Fixed8(raw: 0), horizontal: Fixed8 = Fixed8(raw: 0)
    ) {
        self.source = source
        self.axes = axes
        self.verticalV120 = verticalV120
        self.horizontalV120 = horizontalV120
        self.vertical = vertical
        self.horizontal = horizontal
    }
}

public enum GesturePhase: UInt8, Sendable, Hashable, CaseIterable { case begin = 0, update = 1, end = 2, cancel = 3 }

public struct Swipe: Sendable, Hashable {
    public var phase: GesturePhase
    public var fingers: UInt8
    /// Unaccelerated, device units.
    public var dx: Fixed8
    public var dy: Fixed8
    public init(phase: GesturePhase, fingers: UInt8, dx: Fixed8 = Fixed8(raw: 0), dy: Fixed8 = Fixed8(raw: 0)) {
        self.phase = phase
        self.fingers = fingers
        self.dx = dx
        self.dy = dy
    }
}

public struct Pinch: Sendable, Hashable {
    public var phase: GesturePhase
    public var fingers: UInt8
    public var dx: Fixed8
    public var dy: Fixed8
    /// Absolute scale since the gesture began; 1.0 at its start.
    public var scale: Fixed8
    /// Degrees clockwise since the last event.
    public var angle: Fixed8
    public init(
        phase: GesturePhase, fingers: UInt8, dx: Fixed8 = Fixed8(raw: 0), dy: Fixed8 = Fixed8(raw: 0),
        scale: Fixed8 = Fixed8(raw: 256), angle: Fixed8 = Fixed8(raw: 0)
    ) {
        self.phase = phase
        self.fingers = fingers
        self.dx = dx
        self.dy = dy
        self.scale = scale
        self.angle = angle
    }
}

public struct Hold: Sendable, Hashable {
    public var phase: GesturePhase
    public var fingers: UInt8
    public init(phase: GesturePhase, fingers: UInt8) {
        self.phase = phase
        self.fingers = fingers
    }
}

public enum TouchPhase: UInt8, Sendable, Hashable, CaseIterable {
    case down = 0, motion = 1, up = 2, cancel = 3, frame = 4
}

public struct Touch: Sendable, Hashable {
    public var phase: TouchPhase
    /// The device's slot; -1 where the device has none.
    public var slot: Int32
    /// 0…65535 over the device's range; 0 for up, cancel and frame.
    public var x: Int32
    public var y: Int32
    public init(phase: TouchPhase, slot: Int32, x: Int32 = 0, y: Int32 = 0) {
        self.phase = phase
        self.slot = slot
        self.x = x
        self.y = y
    }
}

public enum TabletPhase: UInt8, Sendable, Hashable, CaseIterable {
    case axis = 0, proximityIn, proximityOut, tipDown, tipUp, buttonPressed, buttonReleased
}

public struct TabletTool: Sendable, Hashable {
    public var phase: TabletPhase
    /// `enum libinput_tablet_tool_type`.
    public var tool: UInt8
    /// `BTN_*` for the button phases, else 0.
    public var button: UInt16
    /// 0…65535 over the tablet's range.
    public var x: Int32
    public var y: Int32
    /// 0…65535.
    public var pressure: Int32
    public var distance: Int32
    /// Degrees.
    public var tiltX: Fixed8
    public var tiltY: Fixed8
    public var rotation: Fixed8
    /// -65535…65535.
    public var slider: Int32
    /// Wheel, fractions of 120 per click.
    public var wheelV120: Int32
    public init(
        phase: TabletPhase, tool: UInt8, button: UInt16 = 0, x: Int32 = 0, y: Int32 = 0, pressure: Int32 = 0,
        distance: Int32 = 0, tiltX: Fixed8 = Fixed8(raw: 0), tiltY: Fixed8 = Fixed8(raw: 0),
        rotation: Fixed8 = Fixed8(raw: 0), slider: Int32 = 0, wheelV120: Int32 = 0
    ) {
        self.phase = phase
        self.tool = tool
        self.button = button
        self.x = x
        self.y = y
        self.pressure = pressure
        self.distance = distance
        self.tiltX = tiltX
        self.tiltY = tiltY
        self.rotation = rotation
        self.slider = slider
        self.wheelV120 = wheelV120
    }
}

public enum PadControl: UInt8, Sendable, Hashable, CaseIterable {
    case button = 0, ring = 1, strip = 2, key = 3, dial = 4
}

public struct TabletPad: Sendable, Hashable {
    public var control: PadControl
    public var number: UInt16
    /// Button and key: 1 pressed, 0 released. Ring: degrees, strip: 0…1, -1: finger lifted. Dial: v120.
    public var value: Fixed8
    public var mode: UInt8
    public init(control: PadControl, number: UInt16, value: Fixed8, mode: UInt8 = 0) {
        self.control = control
        self.number = number
        self.value = value
        self.mode = mode
    }
}

/// Raw values: `enum libinput_switch`.
public enum SwitchKind: UInt8, Sendable, Hashable, CaseIterable { case lid = 1, tabletMode = 2, keypadSlide = 3 }

public struct Toggle: Sendable, Hashable {
    public var kind: SwitchKind
    public var isOn: Bool
    public init(kind: SwitchKind, isOn: Bool) {
        self.kind = kind
        self.isOn = isOn
    }
}
