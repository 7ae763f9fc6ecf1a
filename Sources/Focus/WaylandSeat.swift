import CWaylandClient
import CWlrForeignToplevel
import Glibc

/// The seat's keymap, as a client without the focus may know it.
final class WaylandSeat {
    /// The registry's number for it.
    let name: UInt32
    private let seat: OpaquePointer
    private var keyboard: OpaquePointer?
    private let keymapChanged: (Keymap?) -> Void
    // They must outlive the proxies that point at them.
    private let seatListener = UnsafeMutablePointer<wl_seat_listener>.allocate(capacity: 1)
    private let keyboardListener = UnsafeMutablePointer<wl_keyboard_listener>.allocate(capacity: 1)

    init(
        registry: OpaquePointer?, name: UInt32, version: UInt32, keymapChanged: @escaping (Keymap?) -> Void
    ) {
        self.name = name
        self.keymapChanged = keymapChanged
        seat = OpaquePointer(wl_registry_bind(registry, name, kymo_seat_interface(), min(version, 5)))
        seatListener.initialize(
            to: wl_seat_listener(
                capabilities: { data, _, bits in WaylandSeat.from(data).capabilities(bits) }, name: { _, _, _ in }))
        keyboardListener.initialize(
            to: wl_keyboard_listener(
                keymap: { data, _, format, descriptor, size in
                    WaylandSeat.from(data).keymap(format: format, descriptor: descriptor, size: size)
                }, enter: { _, _, _, _, _ in }, leave: { _, _, _, _ in }, key: { _, _, _, _, _, _ in },
                modifiers: { _, _, _, _, _, _, _ in }, repeat_info: { _, _, _, _ in }))
        wl_seat_add_listener(seat, seatListener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        release()
        wl_seat_destroy(seat)
        seatListener.deallocate()
        keyboardListener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WaylandSeat {
        Unmanaged<WaylandSeat>.fromOpaque(data!).takeUnretainedValue()
    }

    private func release() {
        guard let old = keyboard else { return }
        // Its destructor request came with version 3.
        if wl_keyboard_get_version(old) >= 3 { wl_keyboard_release(old) } else { wl_keyboard_destroy(old) }
        keyboard = nil
    }

    private func capabilities(_ bits: UInt32) {
        let hasKeyboard = bits & WL_SEAT_CAPABILITY_KEYBOARD.rawValue != 0
        if hasKeyboard, keyboard == nil {
            keyboard = wl_seat_get_keyboard(seat)
            wl_keyboard_add_listener(keyboard, keyboardListener, Unmanaged.passUnretained(self).toOpaque())
        } else if !hasKeyboard, keyboard != nil {
            release()
            keymapChanged(nil)
        }
    }

    /// Takes the descriptor over. A keymap of more than a megabyte is none.
    private func keymap(format: UInt32, descriptor: Int32, size: UInt32) {
        defer { close(descriptor) }
        guard format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1.rawValue, size > 0, size <= 1 << 20,
            let region = mmap(nil, Int(size), PROT_READ, MAP_PRIVATE, descriptor, 0), region != MAP_FAILED
        else { return keymapChanged(nil) }
        defer { munmap(region, Int(size)) }
        let bytes = UnsafeRawBufferPointer(start: region, count: Int(size)).prefix { $0 != 0 }
        keymapChanged(Keymap(text: String(decoding: bytes, as: UTF8.self)))
    }
}
