/// Properties of objects, by the interface that D-Bus has for them.
extension Bus {
    /// One property, as that type.
    public func property<T: BusReadable>(
        _ destination: String, path: String, interface: String, name: String, as type: T.Type = T.self,
        timeoutMicroseconds: UInt64 = Bus.timeoutMicroseconds, reply: @escaping (Result<T, BusError>) -> Void
    ) {
        call(
            destination, path: path, interface: "org.freedesktop.DBus.Properties", member: "Get",
            arguments: [.string(interface), .string(name)], timeoutMicroseconds: timeoutMicroseconds
        ) { answer in
            reply(answer.flatMap { message in Result { () throws(BusError) in try message[0, as: type] } })
        }
    }

    /// All properties of an interface.
    public func properties(
        _ destination: String, path: String, interface: String,
        timeoutMicroseconds: UInt64 = Bus.timeoutMicroseconds,
        reply: @escaping (Result<[String: BusValue], BusError>) -> Void
    ) {
        call(
            destination, path: path, interface: "org.freedesktop.DBus.Properties", member: "GetAll",
            arguments: [.string(interface)], timeoutMicroseconds: timeoutMicroseconds
        ) { answer in
            reply(
                answer.flatMap { message in
                    Result { () throws(BusError) in try message[0, as: [String: BusValue].self] }
                })
        }
    }
}
