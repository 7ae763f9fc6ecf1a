import CLinuxShim
import Events
import Policy
import Synchronization
import SystemPackage

/// The journal's own thread. Everything but the atomics, the ring and the orders is touched by that thread alone once it
/// runs.
///
/// At rest it sleeps without a timer. A first event starts a chunk, which is written when it is full or 250 ms old;
/// written bytes are synced at most a second later.
final class WriterThread: @unchecked Sendable {
    let isStopping = Atomic<Bool>(false)
    let orders = Orders()
    let counters: WriterCounters
    private let ring: Ring
    private let options: JournalOptions
    private let open: OpenSegment
    private let forgetting: ForgettingQueue
    private let encoder = ChunkEncoder()
    private var isCheckpoint = false
    /// When the journal's age was last looked at.
    private var agedMicroseconds: UInt64 = 0
    /// State in the chunk that is being gathered.
    private var gatheredState: [PermittedEvent] = []
    /// What loss records in it say.
    private var gatheredLosses = LossTotals()

    init(
        ring: Ring, directory: FilePath, options: JournalOptions, origin: SegmentOrigin, machine: Machine,
        files: any FileOperations, start: Recovery.Result, unfinished: [ForgetRequest]
    ) {
        self.ring = ring
        self.options = options
        counters = WriterCounters()
        open = OpenSegment(
            directory: directory, options: options, origin: origin, machine: machine, files: files,
            counters: counters, start: start)
        forgetting = ForgettingQueue(
            unfinished, directory: directory, files: files, counters: counters)
    }

    /// Before the thread runs.
    func openSegment() throws(Errno) { try open.open() }

    func run() {
        open.applyRetention()
        agedMicroseconds = kymo_monotonic_microseconds()
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            ring.wait(for: .anything, untilMicroseconds: nextDeadline)
            gatherChunk()
            obey()
            open.syncIfDue()
            forgetIfDue()
            ageIfDue()
        }
        while ring.count > 0 {
            drain()
            writeChunk()
            obey()
        }
        obey()
        forgetting.retryAtOnce()
        while forgetting.deadline == 0 { forgetIfDue() }
        open.seal()
        // Nobody else could say it later.
        if open.shed != nil {
            open.retryAtOnce()
            if open.ensure() { open.seal() }
        }
        // What no disk took is told nowhere: the last segment keeps its active name, and the next start says that this
        // was no clean stop.
        if open.shed == nil { open.publish() }
    }

    private var nextDeadline: UInt64? {
        [open.syncDeadline, forgetting.deadline, agingDeadline].compactMap(\.self).min()
    }

    // MARK: age

    /// Only where there is a limit of age: at rest nothing else would notice that the journal grows old.
    private var agingDeadline: UInt64? {
        options.retainMicroseconds == nil ? nil : agedMicroseconds + options.agingMicroseconds
    }

    private func ageIfDue() {
        guard let deadline = agingDeadline, kymo_monotonic_microseconds() >= deadline else { return }
        agedMicroseconds = kymo_monotonic_microseconds()
        if open.isFull, open.hasEvents { rotate() } else { open.applyRetention() }
    }

    // MARK: orders

    private func obey() {
        while let order = orders.take(at: ring.start) {
            switch order {
            case .rotate(let origin):
                if let origin { succeed(by: origin) }
                rotate()
            case .forget(let request, let completion): forget(request, completion)
            }
        }
    }

    private func forget(
        _ request: ForgetRequest, _ completion: @escaping @Sendable (Result<ForgettingReport, JournalError>) -> Void
    ) {
        guard forgetting.add(request, upTo: open.lastNumber, completion) else { return }
        // Nothing of what was asked for is in a segment of somebody else.
        guard request.concerns(open.origin.userID) else { return }
        let clocks = kymo_read_clocks()
        open.snapshot.forget(request, realtimeOffsetMicroseconds: clocks.realtime &- clocks.monotonic)
        rotate()
    }

    private func forgetIfDue() {
        guard forgetting.isDue, let hasEmptied = forgetting.step(open: open.number) else { return }
        let notice = Event(
            timeMicroseconds: kymo_monotonic_microseconds(),
            payload: .forgetting(ForgettingNotice(isEverything: hasEmptied)))
        encoder.append(notice)
        writeChunk()
        // Only when the record of it is safe is the request itself forgotten.
        forgetting.finish(isRecorded: open.sync())
    }

    /// What one subject's session looked like is not repeated in the segments of another.
    private func succeed(by origin: SegmentOrigin) {
        if origin != open.origin { open.snapshot.forgetSession() }
        open.origin = origin
    }

    private func rotate() {
        open.seal()
        _ = open.ensure()
        open.applyRetention()
    }

    // MARK: chunks

    private func gatherChunk() {
        let deadline = kymo_monotonic_microseconds() + options.chunkMicroseconds
        while true {
            let isCalled = drain()
            if encoder.isEmpty { return }
            if isCalled || encoder.isFull || kymo_monotonic_microseconds() >= deadline
                || isStopping.load(ordering: .sequentiallyConsistent)
            {
                return writeChunk()
            }
            ring.wait(for: .half, untilMicroseconds: min(deadline, open.syncDeadline ?? .max))
            open.syncIfDue()
        }
    }

    /// Takes events up to the next order.
    /// - Returns: whether that has been reached.
    @discardableResult
    private func drain() -> Bool {
        // In this order: an order that comes after the second look stands behind what the first one saw.
        let end = ring.end
        let order = orders.firstPosition
        let stop = min(end, order ?? .max)
        if encoder.isEmpty, ring.start < stop, open.isCheckpointDue { beginCheckpoint() }
        encoder.fill(from: ring, upTo: stop) { permitted in
            if permitted.event.payload.kind.isState { gatheredState.append(permitted) }
            gatheredLosses.add(permitted.event)
        }
        return order.map { ring.start >= $0 } ?? false
    }

    /// Begins the chunk with all state in force, so that a reader may begin there.
    private func beginCheckpoint() {
        isCheckpoint = true
        for record in open.snapshot.records where !encoder.isFull { encoder.append(record.event) }
    }

    private func writeChunk() {
        guard !encoder.isEmpty else { return }
        open.write(encoder, isCheckpoint: isCheckpoint, told: gatheredLosses)
        gatheredLosses = LossTotals()
        isCheckpoint = false
        // What the chunk said is now in force, whether it was written or shed.
        for permitted in gatheredState { open.snapshot.follow(permitted) }
        gatheredState.removeAll(keepingCapacity: true)
        if open.isFull { rotate() }
    }
}
