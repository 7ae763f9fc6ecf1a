import CKymographWeston
import CLinuxShim
import CWaylandClient
import Glibc

/// The badge on one output.
final class BadgeSurface {
    /// More than that no compositor means.
    private static let longestSide = 4096

    struct Globals {
        let shell: BadgeShell
        let compositor: OpaquePointer
        let memory: OpaquePointer
    }

    struct Handlers {
        /// The compositor has drawn it.
        var shown: () -> Void
        /// The compositor takes it away, for good.
        var closed: () -> Void
        var failed: (DrawingError) -> Void
    }

    private let globals: Globals
    private let surface: OpaquePointer
    private var place: (any BadgePlace)?
    private let handlers: Handlers
    private var presentation: Presentation
    private var scale: Int
    /// In logical pixels, as the compositor wants it; nil until it has said so, and until then nothing may be attached.
    private var size: (width: Int, height: Int)?
    private var frame: OpaquePointer?
    /// Buffers that the compositor may still read.
    private var buffers: Set<OpaquePointer> = []
    /// The compositor has said that it drew a frame with the badge in it. It then keeps the latest buffer on the
    /// screen, and says so when it takes the surface away.
    private(set) var isProven = false

    // They must outlive the proxies that point at them.
    private let frameListener = UnsafeMutablePointer<wl_callback_listener>.allocate(capacity: 1)
    private let bufferListener = UnsafeMutablePointer<wl_buffer_listener>.allocate(capacity: 1)

    init(
        _ globals: Globals, output: OpaquePointer, scale: Int, presentation: Presentation, handlers: Handlers
    ) {
        self.globals = globals
        self.presentation = presentation
        self.scale = scale
        self.handlers = handlers
        surface = wl_compositor_create_surface(globals.compositor)
        listen()
        place = globals.shell.place(
            surface, on: output,
            handlers: BadgePlaceHandlers(
                configured: { [unowned self] in configured($0, $1) },
                closed: { [unowned self] in self.handlers.closed() }))
        wl_surface_commit(surface)
    }

    deinit {
        if let frame { wl_callback_destroy(frame) }
        place = nil
        wl_surface_destroy(surface)
        for buffer in buffers { wl_buffer_destroy(buffer) }
        frameListener.deallocate()
        bufferListener.deallocate()
    }

    private func listen() {
        frameListener.initialize(
            to: wl_callback_listener(done: { data, _, _ in BadgeSurface.from(data).drawn() }))
        bufferListener.initialize(
            to: wl_buffer_listener(release: { data, buffer in BadgeSurface.from(data).released(buffer!) }))
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ data: UnsafeMutableRawPointer?) -> BadgeSurface {
        Unmanaged<BadgeSurface>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Shows that from now on, in that many pixels per logical one.
    func show(_ presentation: Presentation, scale: Int) throws(DrawingError) {
        guard presentation != self.presentation || scale != self.scale else { return }
        self.presentation = presentation
        self.scale = scale
        if let size { try draw(width: size.width, height: size.height) }
    }

    private func configured(_ width: Int, _ height: Int) {
        // 0: as we like.
        let width = min(width == 0 ? Appearance.surfaceWidth : width, Self.longestSide)
        let height = min(height == 0 ? Appearance.surfaceHeight : height, Self.longestSide)
        if let size, size == (width, height) { return wl_surface_commit(surface) }
        do throws(DrawingError) {
            try draw(width: width, height: height)
        } catch {
            handlers.failed(error)
        }
    }

    private func draw(width: Int, height: Int) throws(DrawingError) {
        size = (width, height)
        let badge = try Appearance.badge(of: presentation, limit: width)
        let buffer = try makeBuffer(of: badge, width: width * scale, height: height * scale)
        buffers.insert(buffer)
        wl_buffer_add_listener(buffer, bufferListener, opaque)
        wl_surface_attach(surface, buffer, 0, 0)
        // Its request came with version 3; before, every output has scale 1.
        if wl_surface_get_version(surface) >= 3 { wl_surface_set_buffer_scale(surface, Int32(scale)) }
        wl_surface_damage(surface, 0, 0, .max, .max)
        // What is beside the badge belongs to the windows below.
        let region = wl_compositor_create_region(globals.compositor)
        wl_region_add(region, Int32(width - badge.width), 0, Int32(badge.width), Int32(height))
        wl_surface_set_input_region(surface, region)
        wl_region_destroy(region)
        if !isProven, frame == nil {
            frame = wl_surface_frame(surface)
            wl_callback_add_listener(frame, frameListener, opaque)
        }
        wl_surface_commit(surface)
    }

    /// Pixels in memory that the compositor maps too; here they are mapped only to be drawn.
    private func makeBuffer(
        of badge: Appearance.Badge, width: Int, height: Int
    ) throws(DrawingError) -> OpaquePointer {
        let length = width * height * 4
        let descriptor = kymo_shared_memory("kymograph-badge", length)
        guard descriptor >= 0 else { throw failure("create memory") }
        defer { close(descriptor) }
        guard let pixels = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), pixels != MAP_FAILED
        else { throw failure("map memory") }
        defer { munmap(pixels, length) }
        try Appearance.draw(
            badge, of: presentation, on: Canvas(pixels: pixels, width: width, height: height), scale: scale)
        let pool = wl_shm_create_pool(globals.memory, descriptor, Int32(length))
        defer { wl_shm_pool_destroy(pool) }
        return wl_shm_pool_create_buffer(
            pool, 0, Int32(width), Int32(height), Int32(width * 4), WL_SHM_FORMAT_ARGB8888.rawValue)
    }

    private func failure(_ what: String) -> DrawingError {
        DrawingError(description: "cannot \(what) for the badge: \(String(cString: strerror(errno)))")
    }

    private func drawn() {
        if let frame { wl_callback_destroy(frame) }
        frame = nil
        isProven = true
        handlers.shown()
    }

    private func released(_ buffer: OpaquePointer) {
        buffers.remove(buffer)
        wl_buffer_destroy(buffer)
    }
}
