import CWaylandClient
import CWlrForeignToplevel

/// The names of the compositor's outputs ("DP-1"), which `wl_output` tells since version 4.
final class WaylandOutputs {
    private struct Output {
        /// The registry's number for it.
        var number: UInt32
        var proxy: OpaquePointer
        var name = ""
    }

    private var outputs: [Output] = []
    // It must outlive the proxies that point at it.
    private let listener = UnsafeMutablePointer<wl_output_listener>.allocate(capacity: 1)

    init() {
        listener.initialize(
            to: wl_output_listener(
                geometry: { _, _, _, _, _, _, _, _, _, _ in }, mode: { _, _, _, _, _, _ in }, done: { _, _ in },
                scale: { _, _, _ in },
                name: { data, proxy, name in
                    let outputs = Unmanaged<WaylandOutputs>.fromOpaque(data!).takeUnretainedValue()
                    outputs.named(proxy, String(event: name))
                }, description: { _, _, _ in }))
    }

    deinit {
        releaseAll()
        listener.deallocate()
    }

    /// Before the connection is closed: a proxy that outlives it points into freed memory.
    func releaseAll() {
        for output in outputs { Self.release(output.proxy) }
        outputs.removeAll()
    }

    func global(_ registry: OpaquePointer?, _ number: UInt32, _ version: UInt32) {
        // It has to be bound for `output_enter` to name it, even where the version is too old to tell a name.
        guard let proxy = OpaquePointer(wl_registry_bind(registry, number, kymo_output_interface(), min(version, 4)))
        else { return }
        outputs.append(Output(number: number, proxy: proxy))
        wl_output_add_listener(proxy, listener, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The output that went away, if the number was one's.
    func removed(_ number: UInt32) -> OpaquePointer? {
        guard let index = outputs.firstIndex(where: { $0.number == number }) else { return nil }
        let proxy = outputs.remove(at: index).proxy
        Self.release(proxy)
        return proxy
    }

    /// Empty where the compositor does not tell, or no such output is left.
    func name(of proxy: OpaquePointer?) -> String { outputs.first { $0.proxy == proxy }?.name ?? "" }

    private func named(_ proxy: OpaquePointer?, _ name: String) {
        guard let index = outputs.firstIndex(where: { $0.proxy == proxy }) else { return }
        outputs[index].name = name
    }

    private static func release(_ proxy: OpaquePointer) {
        // Its destructor request came with version 3.
        if wl_output_get_version(proxy) >= 3 { wl_output_release(proxy) } else { wl_output_destroy(proxy) }
    }
}
