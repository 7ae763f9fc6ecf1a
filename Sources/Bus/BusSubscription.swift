import CSystemd

/// What a method call is answered.
public enum BusAnswer: Sendable, Equatable {
    case values([BusValue])
    /// `name` as D-Bus writes error names (`org.freedesktop.DBus.Error.…`).
    case error(name: String, message: String)
}

/// Something that the bus calls us for, for as long as this object is kept.
public final class BusSubscription {
    /// Owned. Gone first, so that sd-bus never calls for an object that is no more.
    var slot: OpaquePointer?
    private let receive: (BusMessage) -> Void
    private let answer: (BusMessage) -> BusAnswer?

    init(_ receive: @escaping (BusMessage) -> Void) {
        self.receive = receive
        answer = { _ in nil }
    }

    init(answering answer: @escaping (BusMessage) -> BusAnswer?) {
        receive = { _ in }
        self.answer = answer
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
        guard let message = try? BusCoding.decode(call!), let answer = subscription.answer(message) else { return 0 }
        switch answer {
        case .values(let values):
            var reply: OpaquePointer?
            let result = sd_bus_message_new_method_return(call, &reply)
            guard result >= 0 else { return result }
            defer { sd_bus_message_unref(reply) }
            // Half an answer is none: sd-bus makes an error of a negative result.
            guard (try? BusCoding.append(values, to: reply!)) != nil else { return -22 }
            let sent = sd_bus_send(nil, reply, nil)
            return sent < 0 ? sent : 1
        case .error(let name, let text):
            var error = sd_bus_error()
            sd_bus_error_set(&error, name, text)
            defer { sd_bus_error_free(&error) }
            let sent = sd_bus_reply_method_error(call, &error)
            return sent < 0 ? sent : 1
        }
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
