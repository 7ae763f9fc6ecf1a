import AgentProtocol
import CWaylandClient
import CXdgOutput
import Events

/// One output of the compositor's, whose properties change together, with `done`.
final class WaylandOutput {
    /// The registry's number for it.
    let number: UInt32
    let proxy: OpaquePointer
    private var place: OpaquePointer?
    private let changed: () -> Void
    /// What has been told, and is not in force before `done`.
    fileprivate var pending = Properties()
    /// As it was with the last `done`; nil before the first.
    private var current: Properties?

    fileprivate struct Properties {
        var name = ""
        var text = ""
        var origin: (x: Int32, y: Int32) = (0, 0)
        var millimetres: (width: UInt32, height: UInt32) = (0, 0)
        var transform = OutputTransform.normal
        var mode: (width: UInt32, height: UInt32, refresh: UInt32) = (0, 0, 0)
        /// As `wl_output` has it: a whole number, rounded up.
        var scale: Int32 = 1
        /// By `zxdg_output_v1`; nil: it does not say.
        var logicalOrigin: (x: Int32, y: Int32)?
        var logicalSize: (width: UInt32, height: UInt32)?
    }

    init(number: UInt32, proxy: OpaquePointer, changed: @escaping () -> Void) {
        self.number = number
        self.proxy = proxy
        self.changed = changed
    }

    deinit {
        if let place { zxdg_output_v1_destroy(place) }
        // Its destructor request came with version 3.
        if wl_output_get_version(proxy) >= 3 { wl_output_release(proxy) } else { wl_output_destroy(proxy) }
    }

    var name: String { current?.name ?? pending.name }

    /// Nil: it has not told yet, or not where it lies though it is asked.
    var description: OutputDescription? {
        guard let current, place == nil || current.logicalSize != nil else { return nil }
        return current.description
    }

    func listen(_ listeners: OutputListeners) { wl_output_add_listener(proxy, listeners.output, opaque) }

    /// Asks where it lies.
    func place(by manager: OpaquePointer, _ listeners: OutputListeners) {
        guard place == nil, let made = zxdg_output_manager_v1_get_xdg_output(manager, proxy) else { return }
        place = made
        zxdg_output_v1_add_listener(made, listeners.place, opaque)
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    fileprivate static func from(_ data: UnsafeMutableRawPointer?) -> WaylandOutput {
        Unmanaged<WaylandOutput>.fromOpaque(data!).takeUnretainedValue()
    }

    fileprivate func done() {
        current = pending
        changed()
    }

    /// The first version of `wl_output` knows no `done`.
    fileprivate func doneIfAlone() {
        if wl_output_get_version(proxy) < 2 { done() }
    }

    /// `zxdg_output_v1` has a `done` of its own below version 3.
    fileprivate func placeDone() {
        guard let place, zxdg_output_v1_get_version(place) < 3 else { return }
        done()
    }
}

extension WaylandOutput.Properties {
    fileprivate var description: OutputDescription {
        let turned = transform.isSideways ? (mode.height, mode.width) : (mode.width, mode.height)
        let whole = UInt32(clamping: max(scale, 1))
        let size = logicalSize ?? (turned.0 / whole, turned.1 / whole)
        return OutputDescription(
            name: name.cut(toBytes: StringLimit.output), text: text.cut(toBytes: StringLimit.outputText),
            x: logicalOrigin?.x ?? origin.x, y: logicalOrigin?.y ?? origin.y, width: size.width, height: size.height,
            modeWidth: mode.width, modeHeight: mode.height, refreshMillihertz: mode.refresh,
            // The whole number says 2 where it is 1.5.
            scale: logicalSize == nil || size.width == 0 || mode.width == 0
                ? Fixed8(Double(whole)) : Fixed8(Double(turned.0) / Double(size.width)),
            transform: transform, widthMillimetres: millimetres.width, heightMillimetres: millimetres.height)
    }
}

/// Listener structs, which must outlive the proxies that point at them. Callbacks find their output by user data.
final class OutputListeners {
    let output = UnsafeMutablePointer<wl_output_listener>.allocate(capacity: 1)
    let place = UnsafeMutablePointer<zxdg_output_v1_listener>.allocate(capacity: 1)

    init() {
        output.initialize(
            to: wl_output_listener(
                geometry: { data, _, x, y, width, height, _, _, _, transform in
                    let output = WaylandOutput.from(data)
                    output.pending.origin = (x, y)
                    output.pending.millimetres = (UInt32(clamping: width), UInt32(clamping: height))
                    output.pending.transform = OutputTransform(rawValue: UInt8(clamping: transform)) ?? .normal
                    output.doneIfAlone()
                },
                mode: { data, _, flags, width, height, refresh in
                    guard flags & WL_OUTPUT_MODE_CURRENT.rawValue != 0 else { return }
                    let output = WaylandOutput.from(data)
                    output.pending.mode = (
                        UInt32(clamping: width), UInt32(clamping: height), UInt32(clamping: refresh)
                    )
                    output.doneIfAlone()
                }, done: { data, _ in WaylandOutput.from(data).done() },
                scale: { data, _, factor in WaylandOutput.from(data).pending.scale = factor },
                name: { data, _, name in WaylandOutput.from(data).pending.name = String(event: name) },
                description: { data, _, text in WaylandOutput.from(data).pending.text = String(event: text) }))
        place.initialize(
            to: zxdg_output_v1_listener(
                logical_position: { data, _, x, y in WaylandOutput.from(data).pending.logicalOrigin = (x, y) },
                logical_size: { data, _, width, height in
                    WaylandOutput.from(data).pending.logicalSize = (
                        UInt32(clamping: width), UInt32(clamping: height)
                    )
                }, done: { data, _ in WaylandOutput.from(data).placeDone() },
                // The same as `wl_output` has since version 4; here it comes with older ones, too.
                name: { data, _, name in WaylandOutput.from(data).pending.name = String(event: name) },
                description: { data, _, text in WaylandOutput.from(data).pending.text = String(event: text) }))
    }

    deinit {
        output.deallocate()
        place.deallocate()
    }
}
