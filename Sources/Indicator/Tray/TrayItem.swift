import Bus

/// The indicator as an item of the desktop's own tray: StatusNotifierItem
/// (freedesktop.org, "StatusNotifierItem", with the names under org.kde that everybody uses).
///
/// Whether a person sees it nobody tells. What can be known: the watcher took the item, a host is registered with it, and
/// somebody has asked the item for its properties and is still there. Less is not called shown. That a tray folds its
/// items away (Plasma's "always hidden") cannot be told from here.
public final class TrayItem {
    public struct Handlers {
        public var changed: () -> Void
        public var clicked: () -> Void
        /// Chosen from the menu.
        public var chosen: (TrayMenu.Choice) -> Void
        public init(
            changed: @escaping () -> Void, clicked: @escaping () -> Void, chosen: @escaping (TrayMenu.Choice) -> Void
        ) {
            self.changed = changed
            self.clicked = clicked
            self.chosen = chosen
        }
    }

    static let watcherName = "org.kde.StatusNotifierWatcher"
    private static let watcherPath = "/StatusNotifierWatcher"
    static let interface = "org.kde.StatusNotifierItem"
    static let path = "/StatusNotifierItem"
    private static let propertiesInterface = "org.freedesktop.DBus.Properties"
    /// A watcher that does not answer by then is as good as none.
    private static let timeoutMicroseconds: UInt64 = 5_000_000
    /// Who shows the item: a host, or two while a panel is replaced. More is nobody's panel.
    private static let readerLimit = 8

    private let bus: Bus
    private let handlers: Handlers
    private var presentation: Presentation
    private let menu: TrayMenu
    private var subscriptions: [BusSubscription] = []
    /// The watcher's unique name; nil: there is none, and no tray.
    private var watcher: String?
    private var isTaken = false
    private var hasHost = false
    /// Unique names of who asked for the item, each watched until it goes.
    private var readers: [String: BusSubscription] = [:]
    private var refusal: String?
    public private(set) var means = Presence.Means.pending("no tray has answered yet")

    /// - Throws: where the bus takes no object or no match.
    public init(bus: Bus, presentation: Presentation, handlers: Handlers) throws(BusError) {
        self.bus = bus
        self.handlers = handlers
        self.presentation = presentation
        menu = try TrayMenu(bus: bus, chosen: handlers.chosen)
        subscriptions = [
            try bus.export(path: Self.path) { [weak self] in self?.answer($0) },
            try bus.ownerOfName(Self.watcherName) { [weak self] in self?.watcherChanged($0) },
            try bus.subscribe(
                sender: Self.watcherName, interface: Self.watcherName, member: "StatusNotifierHostRegistered"
            ) { [weak self] _ in self?.askForHost() },
            try bus.subscribe(
                sender: Self.watcherName, interface: Self.watcherName, member: "StatusNotifierHostUnregistered"
            ) { [weak self] _ in self?.askForHost() },
        ]
    }

    // MARK: the tray

    private func watcherChanged(_ owner: String?) {
        watcher = owner
        isTaken = false
        hasHost = false
        refusal = nil
        readers.removeAll()
        if owner != nil { register() }
        judge()
    }

    private func register() {
        let asked = watcher
        // A path: the watcher takes the connection it comes from for the item's. Everybody's watcher knows this form.
        bus.call(
            Self.watcherName, path: Self.watcherPath, interface: Self.watcherName,
            member: "RegisterStatusNotifierItem", arguments: [.string(Self.path)],
            timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, watcher == asked else { return }
            switch answer {
            case .success: isTaken = true
            case .failure(let error): refusal = "\(error)"
            }
            askForHost()
        }
    }

    private func askForHost() {
        let asked = watcher
        bus.property(
            Self.watcherName, path: Self.watcherPath, interface: Self.watcherName,
            name: "IsStatusNotifierHostRegistered", as: Bool.self, timeoutMicroseconds: Self.timeoutMicroseconds
        ) { [weak self] answer in
            guard let self, watcher == asked else { return }
            hasHost = (try? answer.get()) ?? false
            judge()
        }
    }

    private func judge() {
        let judged: Presence.Means =
            if watcher == nil {
                .pending("no tray on this desktop")
            } else if let refusal {
                .hidden("the tray does not take it: \(refusal)")
            } else if !isTaken {
                .pending("the tray has not answered yet")
            } else if !hasHost {
                .pending("nothing shows the tray's items")
            } else if readers.isEmpty {
                .pending("nobody has asked for the icon yet")
            } else {
                .shown
            }
        guard judged != means else { return }
        means = judged
        handlers.changed()
    }

    /// Somebody asked for what is to be shown: while that connection is there, it shows it.
    private func wasRead(by name: String) {
        guard !name.isEmpty, readers[name] == nil, readers.count < Self.readerLimit else { return }
        do throws(BusError) {
            readers[name] = try bus.ownerOfName(name) { [weak self] owner in
                guard owner == nil else { return }
                self?.readers[name] = nil
                self?.judge()
            }
        } catch {
            // Somebody whose end would not be noticed is not counted.
            return
        }
        judge()
    }

    // MARK: what is shown

    public func show(_ presentation: Presentation) throws(BusError) {
        guard presentation != self.presentation else { return }
        self.presentation = presentation
        for signal in ["NewTitle", "NewIcon", "NewToolTip"] {
            try bus.emit(path: Self.path, interface: Self.interface, member: signal)
        }
        try menu.show(isPaused: presentation.symbol == .paused)
    }

    private func answer(_ call: BusMessage) -> BusAnswer? {
        switch (call.interface, call.member) {
        case (Self.propertiesInterface, "Get"):
            guard let interface = try? call[0, as: String.self], interface == Self.interface,
                let name = try? call[1, as: String.self]
            else { return nil }
            guard let value = properties.first(where: { $0.0 == name })?.1 else {
                return .error(name: "org.freedesktop.DBus.Error.UnknownProperty", message: "no property \(name)")
            }
            wasRead(by: call.sender)
            return .values([.variant(value)])
        case (Self.propertiesInterface, "GetAll"):
            guard let interface = try? call[0, as: String.self], interface == Self.interface else { return nil }
            wasRead(by: call.sender)
            return .values([.properties(properties)])
        case (Self.interface, "Activate"), (Self.interface, "SecondaryActivate"):
            handlers.clicked()
            return .values([])
        // The menu is the host's to open, by the property.
        case (Self.interface, "ContextMenu"), (Self.interface, "Scroll"): return .values([])
        default: return nil
        }
    }

    private var properties: [(String, BusValue)] {
        [
            ("Category", .string("SystemServices")),
            ("Id", .string("kymograph")),
            ("Title", .string("Kymograph: \(presentation.text)")),
            // Never "Passive": a host may fold that away.
            ("Status", .string("Active")),
            ("WindowId", .int32(0)),
            // No name: a theme could draw something else under it.
            ("IconName", .string("")),
            ("IconThemePath", .string("")),
            ("IconPixmap", icons),
            ("OverlayIconName", .string("")),
            ("OverlayIconPixmap", Self.noIcons),
            ("AttentionIconName", .string("")),
            ("AttentionIconPixmap", Self.noIcons),
            ("AttentionMovieName", .string("")),
            (
                "ToolTip",
                .structure([
                    .string(""), Self.noIcons, .string("Kymograph: \(presentation.text)"), .string(advice),
                ])
            ),
            ("ItemIsMenu", .bool(false)),
            ("Menu", .objectPath(TrayMenu.path)),
        ]
    }

    private var advice: String {
        presentation.symbol == .paused ? "A click resumes the recording." : "A click pauses the recording."
    }

    private static let iconType = "(iiay)"
    private static let noIcons = BusValue.array(element: iconType, [])

    /// What cannot be drawn is left out; a host that finds no icon shows a gap of its own.
    private var icons: BusValue {
        var drawn: [BusValue] = []
        for size in [22, 44] {
            guard
                let pixels = try? Appearance.icon(presentation.symbol, isPending: presentation.isPending, size: size)
            else { continue }
            let bytes = BusValue.array(element: "y", pixels.map { .byte($0) })
            drawn.append(.structure([.int32(Int32(size)), .int32(Int32(size)), bytes]))
        }
        return .array(element: Self.iconType, drawn)
    }
}
