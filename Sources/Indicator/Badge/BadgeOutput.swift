import CWaylandClient

/// One output, and the badge on it.
final class BadgeOutput {
    /// The registry's number for it.
    let number: UInt32
    let proxy: OpaquePointer
    /// Empty where the compositor does not tell.
    private(set) var name = ""
    private(set) var scale = 1
    /// Everything about it was told, so that its badge is drawn once.
    private(set) var isDescribed: Bool
    var surface: BadgeSurface?
    private let described: () -> Void
    // It must outlive the proxy that points at it.
    private let listener = UnsafeMutablePointer<wl_output_listener>.allocate(capacity: 1)

    init(registry: OpaquePointer?, number: UInt32, version: UInt32, described: @escaping () -> Void) {
        self.number = number
        self.described = described
        // "done" came with version 2: an older one is never described.
        isDescribed = version < 2
        proxy = OpaquePointer(wl_registry_bind(registry, number, kymo_output_interface(), min(version, 4)))
        listener.initialize(
            to: wl_output_listener(
                geometry: { _, _, _, _, _, _, _, _, _, _ in }, mode: { _, _, _, _, _, _ in },
                done: { data, _ in
                    let output = BadgeOutput.from(data)
                    output.isDescribed = true
                    output.described()
                }, scale: { data, _, scale in BadgeOutput.from(data).scale = min(max(Int(scale), 1), 8) },
                name: { data, _, name in BadgeOutput.from(data).name = name.map { String(cString: $0) } ?? "" },
                description: { _, _, _ in }))
        wl_output_add_listener(proxy, listener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        surface = nil
        // Its destructor request came with version 3.
        if wl_output_get_version(proxy) >= 3 { wl_output_release(proxy) } else { wl_output_destroy(proxy) }
        listener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> BadgeOutput {
        Unmanaged<BadgeOutput>.fromOpaque(data!).takeUnretainedValue()
    }
}
