/// Who owns a well-known name, and whether it is the process that it should be.
///
/// Anybody on a bus may take a name and answer. Whose a connection is the bus knows from the kernel.
public final class ProvenOwner {
    public enum Standing: Sendable, Equatable {
        case nobody
        /// Somebody has the name; which process it should be is not known.
        case unjudged
        /// The bus was asked whose it is.
        case asked
        /// It is another process.
        case impostor
        /// The unique name of the process that was expected.
        case proven(String)
    }

    private let bus: Bus
    private let changed: () -> Void
    private var subscription: BusSubscription?
    private var owner: String?
    private var expectedPID: Int32?
    /// Answers to what was asked before it last changed mean nothing.
    private var generation: UInt64 = 0
    public private(set) var standing = Standing.nobody

    public init(bus: Bus, name: String, changed: @escaping () -> Void) throws(BusError) {
        self.bus = bus
        self.changed = changed
        subscription = try bus.ownerOfName(name) { [weak self] in self?.owned(by: $0) }
    }

    /// Nil: nobody is to be believed.
    public func expect(pid: Int32?) {
        guard pid != expectedPID else { return }
        expectedPID = pid
        judge()
    }

    private func owned(by owner: String?) {
        self.owner = owner
        judge()
    }

    private func judge() {
        generation += 1
        guard let owner else { return enter(.nobody) }
        guard let expectedPID, expectedPID > 0 else { return enter(.unjudged) }
        enter(.asked)
        let asked = generation
        bus.call(
            "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus",
            member: "GetConnectionUnixProcessID", arguments: [.string(owner)]
        ) { [weak self] answer in
            guard let self, asked == generation else { return }
            let process = (try? answer.get()).flatMap { try? $0[0, as: UInt32.self] }
            enter(process.flatMap { Int32(exactly: $0) } == expectedPID ? .proven(owner) : .impostor)
        }
    }

    private func enter(_ standing: Standing) {
        guard standing != self.standing else { return }
        self.standing = standing
        changed()
    }
}
