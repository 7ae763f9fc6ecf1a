import CSystemd

/// What a method call is answered.
public enum BusAnswer: Sendable, Equatable {
    case values([BusValue])
    /// `name` as D-Bus writes error names (`org.freedesktop.DBus.Error.…`).
    case error(name: String, message: String)
}

/// The answer to one method call, which the caller waits for.
public final class BusReply {
    private var call: OpaquePointer?

    init(to call: OpaquePointer) { self.call = sd_bus_message_ref(call) }

    deinit { if let call { sd_bus_message_unref(call) } }

    /// Counts once; to a caller who is gone it is nothing.
    public func send(_ answer: BusAnswer) {
        guard let call else { return }
        self.call = nil
        defer { sd_bus_message_unref(call) }
        switch answer {
        case .values(let values):
            if !Self.send(values, to: call) {
                // Half an answer is none.
                Self.send(error: "org.freedesktop.DBus.Error.Failed", "the answer cannot be sent", to: call)
            }
        case .error(let name, let text): Self.send(error: name, text, to: call)
        }
    }

    private static func send(_ values: [BusValue], to call: OpaquePointer) -> Bool {
        var reply: OpaquePointer?
        guard sd_bus_message_new_method_return(call, &reply) >= 0, let reply else { return false }
        defer { sd_bus_message_unref(reply) }
        guard (try? BusCoding.append(values, to: reply)) != nil else { return false }
        return sd_bus_send(nil, reply, nil) >= 0
    }

    private static func send(error name: String, _ text: String, to call: OpaquePointer) {
        var error = sd_bus_error()
        sd_bus_error_set(&error, name, text)
        defer { sd_bus_error_free(&error) }
        sd_bus_reply_method_error(call, &error)
    }
}

/// Something that the bus calls us for, for as long as this object is kept.
public final class BusSubscription {
    /// Owned. Gone first, so that sd-bus never calls for an object that is no more.
    var slot: OpaquePointer?
    private let receive: (BusMessage) -> Void
    private let take: (BusMessage, BusReply) -> Bool

    init(_ receive: @escaping (BusMessage) -> Void) {
        self.receive = receive
        take = { _, _ in false }
    }

    init(taking take: @escaping (BusMessage, BusReply) -> Bool) {
        receive = { _ in }
        self.take = take
    }

    deinit { if let slot { sd_bus_slot_unref(slot) } }

    func tell(_ message: BusMessage) { receive(message) }

    static let receive: sd_bus_message_handler_t = { message, context, _ in
        let subscription = Unmanaged<BusSubscription>.fromOpaque(context!).takeUnretainedValue()
        // One that does not decode is nobody's we know.
        if let message = try? BusCoding.decode(message!) { subscription.receive(message) }
        // 0: other subscriptions may match it too.
        return 0
    }

    static let reply: sd_bus_message_handler_t = { call, context, _ in
        let subscription = Unmanaged<BusSubscription>.fromOpaque(context!).takeUnretainedValue()
        guard let message = try? BusCoding.decode(call!) else { return 0 }
        // 0: sd-bus tells the caller that there is no such method.
        return subscription.take(message, BusReply(to: call!)) ? 1 : 0
    }
}

/// Who owns a well-known name.
final class NameWatch {
    private(set) var owner: String?
    private(set) var isKnown = false
    var subscription: BusSubscription?
    private var watchers: [WeakWatcher] = []

    private struct WeakWatcher { weak var subscription: BusSubscription? }

    static let nothing = BusMessage(sender: "", path: "", interface: "", member: "", arguments: [])

    func add(_ watcher: BusSubscription) { watchers.append(WeakWatcher(subscription: watcher)) }

    func set(_ owner: String?) {
        guard !isKnown || owner != self.owner else { return }
        isKnown = true
        self.owner = owner
        watchers.removeAll { $0.subscription == nil }
        for watcher in watchers { watcher.subscription?.tell(Self.nothing) }
    }
}
