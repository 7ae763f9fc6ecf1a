import CLinuxShim

/// What the kernel keeps of a node for each of its readers.
struct KernelBuffer: Equatable {
    /// Of 24 bytes each; when the last one fills, all are lost.
    var entries: Int
    /// The most that one report takes up.
    var packet: Int

    /// The least there is (EVDEV_MIN_BUFFER_SIZE), for a node that would not say.
    static let smallest = KernelBuffer(entries: 64, packet: 8)

    /// Of the node that this descriptor is open on.
    init(descriptor: Int32) {
        var axes = Axes()
        self = kymo_evdev_axes(descriptor, &axes.absolute, &axes.relative, &axes.touches) == 0 ? Self(axes) : .smallest
    }

    /// As evdev_compute_buffer_size() of drivers/input/evdev.c reckons: room for 8 reports, at least 64 entries, a power
    /// of two. A driver may have asked for more, which nobody can see.
    init(_ axes: Axes) {
        packet = axes.entriesPerPacket
        entries = Self.smallest.entries
        while entries < packet * 8 { entries *= 2 }
    }

    private init(entries: Int, packet: Int) {
        self.entries = entries
        self.packet = packet
    }
}

/// What a node can report, as far as it makes reports long.
struct Axes {
    /// Bit n is axis n of linux/input-event-codes.h.
    var absolute = [UInt8](repeating: 0, count: Int(KYMO_ABSOLUTE_AXES) / 8)
    var relative = [UInt8](repeating: 0, count: Int(KYMO_RELATIVE_AXES) / 8)
    /// How many values ABS_MT_SLOT, or without it ABS_MT_TRACKING_ID, can have; the node's own word.
    var touches: UInt32 = 0

    /// ABS_MT_SLOT to ABS_MT_TOOL_Y: reported once for each touch.
    private static let touchAxes = 0x2f...0x3d
    private static let slot = 0x2f
    private static let positionX = 0x35
    private static let trackingID = 0x39
    /// The kernel makes no more (input_mt_init_slots()).
    private static let mostSlots = 1024

    /// input_estimate_events_per_packet() of drivers/input/input.c.
    var entriesPerPacket: Int {
        let touchCount = Self.touchAxes.count { has($0) }
        let otherCount = absolute.reduce(0) { $0 + $1.nonzeroBitCount } - touchCount
        let relativeCount = relative.reduce(0) { $0 + $1.nonzeroBitCount }
        // SYN_MT_REPORT for each touch and SYN_REPORT; 7 for keys and EV_MSC.
        return slots + 1 + touchCount * slots + otherCount + relativeCount + 7
    }

    /// Touches at once.
    private var slots: Int {
        if has(Self.slot), touches > 0 { return min(Int(touches), Self.mostSlots) }
        // An axis of numbers that never repeat says little.
        if has(Self.trackingID), touches > 0 { return min(max(Int(touches), 2), 32) }
        return has(Self.positionX) ? 2 : 0
    }

    private func has(_ axis: Int) -> Bool { absolute[axis / 8] >> UInt8(axis % 8) & 1 != 0 }
}
