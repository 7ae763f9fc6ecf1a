import CKymographWeston
import CWaylandClient
import CWlrLayerShell

/// By what the compositor shows a surface above all windows.
enum BadgeShell {
    case layers(OpaquePointer)
    case weston(OpaquePointer)

    /// As the service is told.
    var name: String {
        switch self {
        case .layers: "layer-shell"
        case .weston: "weston-module"
        }
    }

    func destroy() {
        switch self {
        case .layers(let shell):
            // Its destructor request came with version 3.
            if zwlr_layer_shell_v1_get_version(shell) >= 3 {
                zwlr_layer_shell_v1_destroy(shell)
            } else {
                wl_proxy_destroy(shell)
            }
        case .weston(let module): kymograph_weston_v1_destroy(module)
        }
    }

    func place(_ surface: OpaquePointer?, on output: OpaquePointer, handlers: BadgePlaceHandlers) -> any BadgePlace {
        switch self {
        case .layers(let shell): LayerPlace(shell, surface: surface, output: output, handlers: handlers)
        case .weston(let module): WestonPlace(module, surface: surface, output: output, handlers: handlers)
        }
    }
}

/// A surface's place in the bottom right corner of an output, for as long as this object lives; the surface outlives it.
protocol BadgePlace: AnyObject {}

struct BadgePlaceHandlers {
    /// How large the surface is to be, in logical pixels; 0: as we like. What follows is committed.
    var configured: (_ width: Int, _ height: Int) -> Void
    /// The compositor takes it away, for good.
    var closed: () -> Void
}

/// By zwlr_layer_shell_v1.
final class LayerPlace: BadgePlace {
    /// Distance from the corner, in logical pixels.
    private static let margin: Int32 = 8

    private let layer: OpaquePointer
    private let handlers: BadgePlaceHandlers
    // It must outlive the proxy that points at it.
    private let listener = UnsafeMutablePointer<zwlr_layer_surface_v1_listener>.allocate(capacity: 1)

    init(_ shell: OpaquePointer, surface: OpaquePointer?, output: OpaquePointer, handlers: BadgePlaceHandlers) {
        self.handlers = handlers
        // Above windows in full screen, below a lock screen.
        layer = zwlr_layer_shell_v1_get_layer_surface(
            shell, surface, output, ZWLR_LAYER_SHELL_V1_LAYER_OVERLAY.rawValue, "kymograph")
        listener.initialize(
            to: zwlr_layer_surface_v1_listener(
                configure: { data, layer, serial, width, height in
                    zwlr_layer_surface_v1_ack_configure(layer, serial)
                    LayerPlace.from(data).handlers.configured(Int(width), Int(height))
                }, closed: { data, _ in LayerPlace.from(data).handlers.closed() }))
        zwlr_layer_surface_v1_add_listener(layer, listener, Unmanaged.passUnretained(self).toOpaque())
        // The corner where fewest things are clicked; a panel there (exclusive zone) moves it.
        zwlr_layer_surface_v1_set_anchor(
            layer, ZWLR_LAYER_SURFACE_V1_ANCHOR_BOTTOM.rawValue | ZWLR_LAYER_SURFACE_V1_ANCHOR_RIGHT.rawValue)
        zwlr_layer_surface_v1_set_margin(layer, Self.margin, Self.margin, Self.margin, Self.margin)
        zwlr_layer_surface_v1_set_keyboard_interactivity(
            layer, ZWLR_LAYER_SURFACE_V1_KEYBOARD_INTERACTIVITY_NONE.rawValue)
        zwlr_layer_surface_v1_set_size(layer, UInt32(Appearance.surfaceWidth), UInt32(Appearance.surfaceHeight))
    }

    deinit {
        zwlr_layer_surface_v1_destroy(layer)
        listener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> LayerPlace {
        Unmanaged<LayerPlace>.fromOpaque(data!).takeUnretainedValue()
    }
}

/// By our own module in Weston, which has no layer-shell. It knows the corner and the margin.
final class WestonPlace: BadgePlace {
    private let badge: OpaquePointer
    private let handlers: BadgePlaceHandlers
    // It must outlive the proxy that points at it.
    private let listener = UnsafeMutablePointer<kymograph_weston_badge_v1_listener>.allocate(capacity: 1)

    init(_ module: OpaquePointer, surface: OpaquePointer?, output: OpaquePointer, handlers: BadgePlaceHandlers) {
        self.handlers = handlers
        badge = kymograph_weston_v1_get_badge(module, surface, output)
        listener.initialize(
            to: kymograph_weston_badge_v1_listener(
                configure: { data, _, width, height in
                    // It tells the room that there is, not a wish.
                    WestonPlace.from(data).handlers.configured(
                        min(Int(width), Appearance.surfaceWidth), min(Int(height), Appearance.surfaceHeight))
                }, closed: { data, _ in WestonPlace.from(data).handlers.closed() }))
        kymograph_weston_badge_v1_add_listener(badge, listener, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        kymograph_weston_badge_v1_destroy(badge)
        listener.deallocate()
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> WestonPlace {
        Unmanaged<WestonPlace>.fromOpaque(data!).takeUnretainedValue()
    }
}
