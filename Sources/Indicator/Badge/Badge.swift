import CKymographWeston
import CWaylandClient
import CWlrLayerShell
import Wayland

/// Why the badge is gone with its connection.
public enum BadgeError: Error, Sendable, Equatable, CustomStringConvertible {
    case connection(WaylandError)
    /// The output is still there: somebody may look at it and see no badge.
    case closed(output: String)
    case drawing(String)

    public var description: String {
        switch self {
        case .connection(let error): "\(error)"
        case .closed(let output): "the compositor closed it on \(output.isEmpty ? "an output" : output)"
        case .drawing(let reason): reason
        }
    }
}

/// A small line in a corner of every output, by zwlr_layer_shell_v1 or by our own module in Weston.
///
/// A connection of its own: what the compositor objects to here must not end what tells the focus.
public final class Badge {
    public struct Handlers {
        /// `means` has changed.
        public var changed: () -> Void
        public var clicked: () -> Void
        public init(changed: @escaping () -> Void, clicked: @escaping () -> Void) {
            self.changed = changed
            self.clicked = clicked
        }
    }

    private let connection: WaylandConnection
    private let handlers: Handlers
    private var presentation: Presentation
    private var isWanted: Bool
    private var registry: OpaquePointer?
    private var shell: BadgeShell?
    private var compositor: OpaquePointer?
    private var memory: OpaquePointer?
    private var outputs: [BadgeOutput] = []
    private var seats: [BadgeSeat] = []
    /// The round trip that brings the globals.
    private var greeting: OpaquePointer?
    /// Outputs that lost their badge, and the round trip that brings whether they are gone themselves.
    private var bare: (outputs: [UInt32], callback: OpaquePointer?) = ([], nil)
    /// To be thrown where nobody is in a callback.
    private var trouble: BadgeError?

    public private(set) var means = Presence.Means.pending("the compositor has not answered yet")
    /// By what it is shown, as the service is told; nil: by nothing that the compositor offers so far.
    public var shellName: String? { shell?.name }

    // They must outlive the proxies that point at them.
    private let registryListener = UnsafeMutablePointer<wl_registry_listener>.allocate(capacity: 1)
    private let callbackListener = UnsafeMutablePointer<wl_callback_listener>.allocate(capacity: 1)

    /// Connects and asks what there is; `Handlers.changed` tells when something is shown.
    ///
    /// - Parameter displayName: as `WaylandConnection` takes it.
    public init(
        displayName: String?, presentation: Presentation, isWanted: Bool, handlers: Handlers
    ) throws(BadgeError) {
        do throws(WaylandError) {
            connection = try WaylandConnection(displayName: displayName)
        } catch {
            throw .connection(error)
        }
        self.handlers = handlers
        self.presentation = presentation
        self.isWanted = isWanted
        registryListener.initialize(
            to: wl_registry_listener(
                global: { data, _, number, interface, version in
                    Badge.from(data).global(number, String(cString: interface!), version)
                }, global_remove: { data, _, number in Badge.from(data).globalRemoved(number) }))
        callbackListener.initialize(
            to: wl_callback_listener(done: { data, callback, _ in Badge.from(data).answered(callback) }))
        registry = wl_display_get_registry(connection.display)
        wl_registry_add_listener(registry, registryListener, opaque)
        greeting = sync()
        try flush()
    }

    deinit {
        // Disconnecting frees no proxy.
        for callback in [greeting, bare.callback] { if let callback { wl_callback_destroy(callback) } }
        outputs.removeAll()
        seats.removeAll()
        shell?.destroy()
        if let memory { wl_shm_destroy(memory) }
        if let compositor { wl_compositor_destroy(compositor) }
        if let registry { wl_registry_destroy(registry) }
        registryListener.deallocate()
        callbackListener.deallocate()
    }

    private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ data: UnsafeMutableRawPointer?) -> Badge {
        Unmanaged<Badge>.fromOpaque(data!).takeUnretainedValue()
    }

    public var fileDescriptor: Int32 { connection.fileDescriptor }

    /// Reads what is there, and does what it asks for.
    public func dispatch() throws(BadgeError) {
        do throws(WaylandError) {
            try connection.read()
            try connection.dispatch()
        } catch {
            throw .connection(error)
        }
        try settle()
    }

    /// What is to be seen from now on; not wanted: nothing.
    public func show(_ presentation: Presentation, isWanted: Bool) throws(BadgeError) {
        self.presentation = presentation
        self.isWanted = isWanted
        update()
        try settle()
    }

    private func settle() throws(BadgeError) {
        if let trouble { throw trouble }
        judge()
        try flush()
    }

    private func flush() throws(BadgeError) {
        do throws(WaylandError) {
            try connection.flush()
        } catch {
            throw .connection(error)
        }
    }

    private func sync() -> OpaquePointer? {
        let callback = wl_display_sync(connection.display)
        wl_callback_add_listener(callback, callbackListener, opaque)
        return callback
    }

    // MARK: the badges

    private var globals: BadgeSurface.Globals? {
        guard let shell, let compositor, let memory else { return nil }
        return BadgeSurface.Globals(shell: shell, compositor: compositor, memory: memory)
    }

    /// Every output has what it should have.
    private func update() {
        guard greeting == nil, let globals else { return }
        for output in outputs where output.isDescribed {
            do throws(DrawingError) {
                try update(output, globals)
            } catch {
                trouble = .drawing(error.description)
            }
        }
    }

    private func update(_ output: BadgeOutput, _ globals: BadgeSurface.Globals) throws(DrawingError) {
        if !isWanted {
            output.surface = nil
        } else if let surface = output.surface {
            try surface.show(presentation, scale: output.scale)
        } else if !bare.outputs.contains(output.number) {
            let number = output.number
            output.surface = BadgeSurface(
                globals, output: output.proxy, scale: output.scale, presentation: presentation,
                handlers: BadgeSurface.Handlers(
                    shown: {}, closed: { [unowned self] in closed(number) },
                    failed: { [unowned self] in trouble = .drawing($0.description) }))
        }
    }

    /// An output that goes takes its badge with it, in whichever order that is told. Of one that stays without a badge
    /// nobody may say that recording is visible.
    private func closed(_ number: UInt32) {
        outputs.first { $0.number == number }?.surface = nil
        bare.outputs.append(number)
        if let old = bare.callback { wl_callback_destroy(old) }
        bare.callback = sync()
    }

    private func answered(_ callback: OpaquePointer?) {
        wl_callback_destroy(callback)
        if callback == greeting {
            greeting = nil
            update()
        } else if callback == bare.callback {
            if let output = outputs.first(where: { bare.outputs.contains($0.number) }) {
                trouble = .closed(output: output.name)
            }
            bare = ([], nil)
        }
    }

    private func judge() {
        let now: Presence.Means
        if greeting != nil {
            now = .pending("the compositor has not answered yet")
        } else if globals == nil {
            now = .hidden("\(connection.compositorName) does not offer zwlr_layer_shell_v1")
        } else if !isWanted {
            now = .pending("not wanted")
        } else if outputs.contains(where: { $0.surface?.isProven == true }) {
            now = .shown
        } else {
            now = .pending(
                outputs.isEmpty ? "there is no output" : "\(connection.compositorName) has not drawn it yet")
        }
        guard now != means else { return }
        means = now
        handlers.changed()
    }

    // MARK: what the compositor says

    private func global(_ number: UInt32, _ interface: String, _ version: UInt32) {
        func bind(_ interface: UnsafePointer<wl_interface>?, upTo limit: UInt32) -> OpaquePointer? {
            OpaquePointer(wl_registry_bind(registry, number, interface, min(version, limit)))
        }
        switch interface {
        case "zwlr_layer_shell_v1" where shell == nil:
            shell = bind(kymo_layer_shell_interface(), upTo: 4).map(BadgeShell.layers)
        case "kymograph_weston_v1" where shell == nil:
            shell = bind(kymo_weston_interface(), upTo: 1).map(BadgeShell.weston)
        case "wl_compositor" where compositor == nil: compositor = bind(kymo_compositor_interface(), upTo: 4)
        case "wl_shm" where memory == nil: memory = bind(kymo_shm_interface(), upTo: 1)
        case "wl_seat":
            seats.append(
                BadgeSeat(registry: registry, number: number, version: version) { [unowned self] in
                    handlers.clicked()
                })
        case "wl_output":
            outputs.append(
                BadgeOutput(registry: registry, number: number, version: version) { [unowned self] in update() })
        default: break
        }
    }

    private func globalRemoved(_ number: UInt32) {
        outputs.removeAll { $0.number == number }
        seats.removeAll { $0.number == number }
    }
}
