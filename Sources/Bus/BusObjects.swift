import CSystemd

/// The other end: objects of ours that others call, and signals.
extension Bus {
    /// Answers method calls on a path, until the subscription goes. `answer` returns nil for what it does not know.
    public func export(
        path: String, answer: @escaping (BusMessage) -> BusAnswer?
    ) throws(BusError) -> BusSubscription {
        try export(path: path) { message, reply in answer(message).map(reply.send) != nil }
    }

    /// Takes method calls on a path, until the subscription goes, and answers each whenever `take` pleases, by the
    /// `BusReply` that it keeps. It returns false for what it does not know.
    public func export(
        path: String, take: @escaping (BusMessage, BusReply) -> Bool
    ) throws(BusError) -> BusSubscription {
        let bus = try opened()
        let object = BusSubscription(taking: take)
        var slot: OpaquePointer?
        try check(
            sd_bus_add_object(
                bus, &slot, path, BusSubscription.reply, Unmanaged.passUnretained(object).toOpaque()),
            "an object at \(path)")
        object.slot = slot
        return object
    }

    /// Sends a signal to everybody, or to one.
    public func emit(
        path: String, interface: String, member: String, arguments: [BusValue] = [], to destination: String? = nil
    ) throws(BusError) {
        let bus = try opened()
        let name = "the signal \(interface).\(member)"
        var message: OpaquePointer?
        try check(sd_bus_message_new_signal(bus, &message, path, interface, member), name)
        defer { sd_bus_message_unref(message) }
        try BusCoding.append(arguments, to: message!)
        if let destination { try check(sd_bus_message_set_destination(message, destination), name) }
        try check(sd_bus_send(bus, message, nil), name)
    }
}
