import CLinuxShim
import CSystemd
import EventLoop
import Glibc

/// A connection to a message bus, through sd-bus, on one thread's event loop. Nothing here ever waits: not for the
/// connection, not for a reply, not for a match to be installed.
///
/// After `close`, or once `disconnected` was called, no closure that was given to it is called any more; who needs the
/// bus back makes a new one.
public final class Bus {
    public enum Address: Sendable, Equatable {
        /// `DBUS_SYSTEM_BUS_ADDRESS`, or the standard place.
        case system
        /// Of the session: `DBUS_SESSION_BUS_ADDRESS`, or `$XDG_RUNTIME_DIR/bus`.
        case session
        /// `unix:path=…`, as D-Bus writes addresses. The accessibility bus tells its own.
        case address(String)
    }

    /// sd-bus's own default (`BUS_DEFAULT_TIMEOUT`).
    public static let timeoutMicroseconds: UInt64 = 25_000_000
    /// Messages taken in one turn of the loop: a peer that never stops talking must not keep the devices waiting.
    private static let messagesPerTurn = 64

    private var handle: OpaquePointer?
    private let loop: EventLoop
    private let descriptor: Int32
    private let disconnected: (BusError) -> Void
    /// Something was queued, or left over: sd-bus has work that no descriptor tells of.
    private var isDirty = true
    private var isWriting = false
    private var deadlineMicroseconds: UInt64?
    /// What is known before sd-bus is asked, such as a call that cannot be sent: closures are called by the loop only.
    private var waiting: [() -> Void] = []
    private var names: [String: NameWatch] = [:]

    /// - Parameter disconnected: called once, from the loop, when the connection is lost or was never made.
    public init(
        _ address: Address, loop: EventLoop, disconnected: @escaping (BusError) -> Void
    ) throws(BusError) {
        let bus = try Self.open(address)
        self.loop = loop
        self.disconnected = disconnected
        descriptor = sd_bus_get_fd(bus)
        guard descriptor >= 0 else {
            sd_bus_close_unref(bus)
            throw .noConnection(errno: -descriptor)
        }
        handle = bus
        do throws(EventLoopError) {
            try loop.add(descriptor) { [weak self] in self?.process() }
        } catch {
            throw .noConnection(errno: error.code)
        }
        loop.addPreparation(of: self) { [weak self] in self?.prepare() }
    }

    deinit { close() }

    private static func open(_ address: Address) throws(BusError) -> OpaquePointer {
        var bus: OpaquePointer?
        var result: Int32
        switch address {
        case .system: result = sd_bus_open_system(&bus)
        case .session: result = sd_bus_open_user(&bus)
        case .address(let text):
            result = sd_bus_new(&bus)
            if result >= 0 { result = sd_bus_set_address(bus, text) }
            if result >= 0 { result = sd_bus_set_bus_client(bus, 1) }
            if result >= 0 { result = sd_bus_start(bus) }
        }
        guard result >= 0, let bus else {
            if let bus { sd_bus_close_unref(bus) }
            throw .noConnection(errno: -result)
        }
        return bus
    }

    public var isOpen: Bool { handle != nil }

    /// By which others can call this connection; nil before the bus has given it.
    public var uniqueName: String? {
        // Asked earlier, sd-bus would wait for the bus.
        guard let handle, sd_bus_is_ready(handle) > 0 else { return nil }
        var name: UnsafePointer<CChar>?
        return sd_bus_get_unique_name(handle, &name) >= 0 ? BusCoding.text(name) : nil
    }

    /// Ends the connection; replies that are out are never told. What was not sent yet is not sent.
    public func close() {
        guard let bus = handle else { return }
        handle = nil
        loop.removePreparation(of: self)
        loop.remove(descriptor)
        waiting.removeAll()
        names.removeAll()
        sd_bus_close_unref(bus)
    }

    // MARK: the loop

    private func prepare() -> UInt64? {
        if isDirty || deadlineMicroseconds.map({ $0 <= kymo_monotonic_microseconds() }) == true { process() }
        return isDirty ? 0 : deadlineMicroseconds
    }

    private func process() {
        isDirty = true
        let known = waiting
        waiting.removeAll()
        for tell in known where handle != nil { tell() }
        for _ in 0..<Self.messagesPerTurn {
            // A closure that was called may have closed it.
            guard let bus = handle else { return }
            let result = sd_bus_process(bus, nil)
            guard result >= 0 else { return lose(-result) }
            if result == 0 {
                isDirty = !waiting.isEmpty
                break
            }
        }
        guard let bus = handle else { return }
        let events = sd_bus_get_events(bus)
        guard events >= 0 else { return lose(-events) }
        let writes = events & POLLOUT != 0
        if writes != isWriting {
            isWriting = writes
            do throws(EventLoopError) {
                try loop.wantsWriting(writes, descriptor)
            } catch {
                return lose(error.code)
            }
        }
        var timeout = UInt64.max
        deadlineMicroseconds = sd_bus_get_timeout(bus, &timeout) > 0 && timeout != .max ? timeout : nil
    }

    private func lose(_ code: Int32) {
        close()
        disconnected(.noConnection(errno: code))
    }

    func opened() throws(BusError) -> OpaquePointer {
        guard let handle else { throw .noConnection(errno: ENOTCONN) }
        isDirty = true
        return handle
    }

    // MARK: calls

    /// Calls a method. `reply` is called once, from the loop, with the answer or with why there is none.
    public func call(
        _ destination: String, path: String, interface: String, member: String, arguments: [BusValue] = [],
        timeoutMicroseconds: UInt64 = Bus.timeoutMicroseconds,
        reply: @escaping (Result<BusMessage, BusError>) -> Void
    ) {
        let pending = PendingCall(name: "\(interface).\(member) of \(destination)", reply: reply)
        do throws(BusError) {
            let bus = try opened()
            var message: OpaquePointer?
            try check(
                sd_bus_message_new_method_call(bus, &message, destination, path, interface, member), pending.name)
            defer { sd_bus_message_unref(message) }
            try BusCoding.append(arguments, to: message!)
            var slot: OpaquePointer?
            try check(
                sd_bus_call_async(
                    bus, &slot, message,
                    { message, context, _ in
                        Unmanaged<PendingCall>.fromOpaque(context!).takeUnretainedValue().finish(message!)
                        return 0
                    }, Unmanaged.passUnretained(pending).toOpaque(), max(timeoutMicroseconds, 1)), pending.name)
            // The bus owns the slot from here, and the slot the closure.
            Self.retain(pending, in: slot!)
            sd_bus_slot_set_floating(slot, 1)
            sd_bus_slot_unref(slot)
        } catch {
            isDirty = true
            waiting.append { reply(.failure(error)) }
        }
    }

    // MARK: signals

    /// Calls `handler` for every signal that fits. Ends when the subscription goes.
    ///
    /// A state that is asked for after this call has everything in it that no signal will tell: the bus keeps the
    /// order. A match that the bus refuses ends the connection, since a watch that sees nothing is worse than none.
    ///
    /// - Parameters:
    ///   - sender: a well-known name, or a unique one. Only its owner is heard: anybody on a bus may send a signal of
    ///     any interface to anybody, and the bus does not hold such a one to our match. Nil: whoever it is; then
    ///     `BusMessage.sender` is to be judged by the caller.
    ///   - firstArgument: only signals whose first argument is that text.
    public func subscribe(
        sender: String?, path: String? = nil, interface: String, member: String, firstArgument: String? = nil,
        handler: @escaping (BusMessage) -> Void
    ) throws(BusError) -> BusSubscription {
        let bus = try opened()
        let fields = [
            ("sender", sender), ("path", path), ("interface", interface), ("member", member), ("arg0", firstArgument),
        ]
        var rule = "type='signal'"
        for case (let key, let value?) in fields {
            guard !value.contains("'") else { throw .invalid(what: "a match on \(value)", errno: EINVAL) }
            rule += ",\(key)='\(value)'"
        }
        // The bus's own name has no owner to look up.
        var owner: NameWatch?
        if let sender, !sender.hasPrefix(":"), sender != Self.busName { owner = try watch(sender) }
        let subscription = BusSubscription { message in
            // No unique name equals a well-known one: where nobody owns the name, nobody is heard.
            guard sender == nil || message.sender == owner?.owner ?? sender else { return }
            handler(message)
        }
        var slot: OpaquePointer?
        try check(
            sd_bus_add_match_async(
                bus, &slot, rule, BusSubscription.receive, nil, Unmanaged.passUnretained(subscription).toOpaque()),
            "a match on \(interface).\(member)")
        subscription.slot = slot
        return subscription
    }

    /// Calls `changed` with the unique name of who owns a well-known name now (nil: nobody), and whenever that changes.
    public func ownerOfName(
        _ name: String, changed: @escaping (String?) -> Void
    ) throws(BusError) -> BusSubscription {
        let watch = try watch(name)
        let subscription = BusSubscription { _ in changed(watch.owner) }
        watch.add(subscription)
        if watch.isKnown {
            isDirty = true
            waiting.append { [weak subscription] in subscription?.tell(NameWatch.nothing) }
        }
        return subscription
    }

    private static let busName = "org.freedesktop.DBus"

    private func watch(_ name: String) throws(BusError) -> NameWatch {
        if let known = names[name] { return known }
        let watch = NameWatch()
        names[name] = watch
        watch.subscription = try subscribe(
            sender: Self.busName, path: "/org/freedesktop/DBus", interface: Self.busName, member: "NameOwnerChanged",
            firstArgument: name
        ) { [weak watch] message in
            guard let owner = try? message[2, as: String.self] else { return }
            watch?.set(owner.isEmpty ? nil : owner)
        }
        call(
            Self.busName, path: "/org/freedesktop/DBus", interface: Self.busName, member: "GetNameOwner",
            arguments: [.string(name)]
        ) { [weak watch] answer in watch?.set(try? answer.get()[0, as: String.self]) }
        return watch
    }

    func check(_ result: Int32, _ what: String) throws(BusError) {
        guard result >= 0 else { throw .invalid(what: what, errno: -result) }
    }

    private static func retain(_ context: AnyObject, in slot: OpaquePointer) {
        _ = Unmanaged.passRetained(context)
        sd_bus_slot_set_destroy_callback(slot) { Unmanaged<AnyObject>.fromOpaque($0!).release() }
    }
}

/// A call whose reply is out.
private final class PendingCall {
    let name: String
    private let reply: (Result<BusMessage, BusError>) -> Void

    init(name: String, reply: @escaping (Result<BusMessage, BusError>) -> Void) {
        self.name = name
        self.reply = reply
    }

    func finish(_ message: OpaquePointer) {
        if let error = sd_bus_message_get_error(message) {
            let name = BusCoding.text(error.pointee.name)
            let text = BusCoding.text(error.pointee.message)
            return reply(.failure(.remote(name: name, message: text, call: self.name)))
        }
        reply(Result { () throws(BusError) in try BusCoding.decode(message) })
    }
}
