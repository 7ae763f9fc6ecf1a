import Testing

@testable import Devices

@Suite("The kernel's buffer for each reader")
struct KernelBufferTests {
    struct Node: CustomTestStringConvertible {
        var testDescription: String
        var absolute: [Int] = []
        var relative: [Int] = []
        var touches: UInt32 = 0
        var packet: Int
        var entries: Int

        var axes: Axes {
            var axes = Axes()
            for axis in absolute { axes.absolute[axis / 8] |= 1 << UInt8(axis % 8) }
            for axis in relative { axes.relative[axis / 8] |= 1 << UInt8(axis % 8) }
            axes.touches = touches
            return axes
        }
    }

    /// Reckoned by hand from input_estimate_events_per_packet() and evdev_compute_buffer_size() of Linux 6.1.
    static let nodes = [
        Node(testDescription: "a keyboard", packet: 8, entries: 64),
        // REL_X, REL_Y
        Node(testDescription: "the simplest mouse", relative: [0, 1], packet: 10, entries: 128),
        // and both wheels with their fine steps
        Node(testDescription: "a mouse with wheels", relative: [0, 1, 6, 8, 11, 12], packet: 14, entries: 128),
        // ABS_X, ABS_Y, ABS_PRESSURE, ABS_TILT_X, ABS_TILT_Y
        Node(testDescription: "a pen", absolute: [0, 1, 0x18, 0x1a, 0x1b], packet: 13, entries: 128),
        // ABS_X, ABS_Y, ABS_PRESSURE; SLOT, POSITION_X, POSITION_Y, TRACKING_ID, PRESSURE of 5 touches
        Node(
            testDescription: "a touchpad with five slots",
            absolute: [0, 1, 0x18, 0x2f, 0x35, 0x36, 0x39, 0x3a], touches: 5, packet: 5 + 1 + 5 * 5 + 3 + 7,
            entries: 512),
        Node(
            testDescription: "touches by number, without slots", absolute: [0x35, 0x36, 0x39], touches: 65_536,
            packet: 32 + 1 + 3 * 32 + 7, entries: 2048),
        Node(
            testDescription: "one touch by number counts as two", absolute: [0x35, 0x36, 0x39], touches: 1,
            packet: 2 + 1 + 3 * 2 + 7, entries: 128),
        Node(
            testDescription: "touches without numbers", absolute: [0x35, 0x36], packet: 2 + 1 + 2 * 2 + 7,
            entries: 128),
        Node(
            testDescription: "slots that would not say how many", absolute: [0x2f, 0x35, 0x36],
            packet: 2 + 1 + 3 * 2 + 7, entries: 128),
        // A node's word is bounded: without that some numbers doubled for ever.
        Node(
            testDescription: "a node that claims four thousand million slots", absolute: [0x2f, 0x35, 0x36],
            touches: .max, packet: 1024 + 1 + 3 * 1024 + 7, entries: 32_768 * 2),
        Node(
            testDescription: "every axis there is", absolute: Array(0..<0x40), relative: Array(0..<0x10), touches: 10,
            packet: 10 + 1 + 15 * 10 + 49 + 16 + 7, entries: 2048),
    ]

    @Test("holds as many entries as the kernel's own reckoning gives", arguments: nodes)
    func sizes(node: Node) {
        let buffer = KernelBuffer(node.axes)
        #expect(buffer.packet == node.packet)
        #expect(buffer.entries == node.entries)
    }

    @Test("of what is no evdev node it is taken to be the smallest")
    func noNode() { #expect(KernelBuffer(descriptor: -1) == .smallest) }
}
