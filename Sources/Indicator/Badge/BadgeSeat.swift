import CWaylandClient

/// Clicks and taps on the badges. Every surface of the connection is one, so it does not matter which was meant.
final class BadgeSeat {
    /// BTN_LEFT of linux/input-event-codes.h.
    private static let leftButton: UInt32 = 0x110

    /// The registry's number for it.
    let number: UInt32
    private let seat: OpaquePointer
    private var pointer: OpaquePointer?
    private var touch: OpaquePointer?
    private let clicked: () -> Void
    // They must outlive the proxies that point at them.
    private let seatListener = UnsafeMutablePointer<wl_seat_listener>.allocate(capacity: 1)
    private let pointerListener = UnsafeMutablePointer<wl_pointer_listener>.allocate(capacity: 1)
    private let touchListener = UnsafeMutablePointer<wl_touch_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, number: UInt32, version: UInt32, clicked: @escaping () -> Void) {
        self.number = number
        self.clicked = clicked
        seat = OpaquePointer(wl_registry_bind(registry, number, kymo_seat_interface(), min(version, 5)))
        seatListener.initialize(
            to: wl_seat_listener(
                capabilities: { data, _, bits in BadgeSeat.from(data).capabilities(bits) }, name: { _, _, _ in }))
        // Headers that are newer have more events, which version 5 does not send.
        var onPointer = wl_pointer_listener()
        onPointer.enter = { _, _, _, _, _, _ in }
        onPointer.leave = { _, _, _, _ in }
        onPointer.motion = { _, _, _, _, _ in }
        onPointer.button = { data, _, _, _, button, state in
            guard button == BadgeSeat.leftButton, state == WL_POINTER_BUTTON_STATE_PRESSED.rawValue else { return }
            BadgeSeat.from(data).clicked()
        }
        onPointer.axis = { _, _, _, _, _ in }
        onPointer.frame = { _, _ in }
        onPointer.axis_source = { _, _, _ in }
        onPointer.axis_stop = { _, _, _, _ in }
        onPointer.axis_discrete = { _, _, _, _ in }
        pointerListener.initialize(to: onPointer)
        var onTouch = wl_touch_listener()
        onTouch.down = { data, _, _, _, _, _, _, _ in BadgeSeat.from(data).clicked() }
        onTouch.up = { _, _, _, _, _ in }
        onTouch.motion = { _, _, _, _, _, _ in }
        onTouch.frame = { _, _ in }
        onTouch.cancel = { _, _ in }
        touchListener.initialize(to: onTouch)
        wl_seat_add_listener(seat, seatListener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        releasePointer()
        releaseTouch()
        wl_seat_destroy(seat)
        seatListener.deallocate()
        pointerListener.deallocate()
        touchListener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> BadgeSeat {
        Unmanaged<BadgeSeat>.fromOpaque(data!).takeUnretainedValue()
    }

    private func capabilities(_ bits: UInt32) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        if bits & WL_SEAT_CAPABILITY_POINTER.rawValue == 0 {
            releasePointer()
        } else if pointer == nil {
            pointer = wl_seat_get_pointer(seat)
            wl_pointer_add_listener(pointer, pointerListener, context)
        }
        if bits & WL_SEAT_CAPABILITY_TOUCH.rawValue == 0 {
            releaseTouch()
        } else if touch == nil {
            touch = wl_seat_get_touch(seat)
            wl_touch_add_listener(touch, touchListener, context)
        }
    }

    // The destructor requests came with version 3.

    private func releasePointer() {
        guard let old = pointer else { return }
        if wl_pointer_get_version(old) >= 3 { wl_pointer_release(old) } else { wl_pointer_destroy(old) }
        pointer = nil
    }

    private func releaseTouch() {
        guard let old = touch else { return }
        if wl_touch_get_version(old) >= 3 { wl_touch_release(old) } else { wl_touch_destroy(old) }
        touch = nil
    }
}
