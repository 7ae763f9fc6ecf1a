import CLinuxShim
import Events
import Policy
import Synchronization
import SystemPackage

/// The journal's own thread. Everything but the atomics is touched by that thread alone once it runs.
///
/// At rest it sleeps without a timer. A first event starts a chunk, which is written when it is full or 250 ms old;
/// written bytes are synced at most a second later.
final class WriterThread: @unchecked Sendable {
    let isStopping = Atomic<Bool>(false)
    private let eventCount = Atomic<UInt64>(0)
    private let chunkCount = Atomic<UInt64>(0)
    private let byteCount = Atomic<UInt64>(0)
    private let syncCount = Atomic<UInt64>(0)
    private let failureCount = Atomic<UInt64>(0)
    private let lastFailure = Atomic<Int32>(0)

    private let ring: Ring
    private let directory: FilePath
    private let options: JournalOptions
    private let origin: SegmentOrigin
    private let machine: Machine
    private let files: any FileOperations
    private let lz4 = LZ4Compressor()
    private let encoder = ChunkEncoder()
    private var payload = ByteBuffer(capacity: 1 << 20)
    private var buffer = ByteBuffer(capacity: 1 << 20)
    /// As of the last chunk that was written, or shed.
    private var snapshot = StateSnapshot()
    /// State in the chunk that is being gathered.
    private var gatheredState: [PermittedEvent] = []
    private var isCheckpoint = false
    /// Written ones.
    private var losses = LossTotals()
    /// In the chunk that is being gathered.
    private var gatheredLosses = LossTotals()
    private var segment: SegmentWriter?
    /// Closed, but still under its active name: until a clean stop there is always an active file, so that none means
    /// a clean stop.
    private var unpublished: SegmentWriter?
    private var segmentOpenedMicroseconds: UInt64 = 0
    private var nextSegment: UInt64
    private var nextSequence: UInt64
    /// Final hash of the segment before the next; zero if it was not sealed.
    private var previousHash: SHA256Hash
    /// Of the oldest chunk that is written but not synced.
    private var unsynced: (sinceMicroseconds: UInt64, firstEventMicroseconds: UInt64)?
    /// Events that the disk would not take; becomes a loss record in the next segment.
    private var shed: Loss?
    private var retryMicroseconds: UInt64 = 0

    init(
        ring: Ring, directory: FilePath, options: JournalOptions, origin: SegmentOrigin, machine: Machine,
        files: any FileOperations, start: Recovery.Result
    ) {
        self.ring = ring
        self.directory = directory
        self.options = options
        self.origin = origin
        self.machine = machine
        self.files = files
        nextSegment = start.nextSegment
        nextSequence = start.nextSequence
        previousHash = start.previousHash
    }

    deinit {
        payload.deallocate()
        buffer.deallocate()
    }

    var statistics: JournalStatistics {
        JournalStatistics(
            events: eventCount.load(ordering: .relaxed), chunks: chunkCount.load(ordering: .relaxed),
            bytes: byteCount.load(ordering: .relaxed), syncs: syncCount.load(ordering: .relaxed),
            writeFailures: failureCount.load(ordering: .relaxed),
            lastFailure: Errno(rawValue: lastFailure.load(ordering: .relaxed)))
    }

    func run() {
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            ring.wait(for: .anything, untilMicroseconds: syncDeadline)
            if ring.count > 0 { gatherChunk() }
            syncIfDue()
        }
        while ring.count > 0 { drain(); writeChunk() }
        sealSegment()
        // Nobody else could say it later.
        if shed != nil {
            retryMicroseconds = 0
            if ensureSegment() { sealSegment() }
        }
        publish()
    }

    // MARK: chunks

    private func gatherChunk() {
        let deadline = kymo_monotonic_microseconds() + options.chunkMicroseconds
        while true {
            drain()
            if encoder.isFull {
                writeChunk()
                return
            }
            if kymo_monotonic_microseconds() >= deadline || isStopping.load(ordering: .sequentiallyConsistent) { break }
            ring.wait(for: .half, untilMicroseconds: min(deadline, syncDeadline ?? .max))
            syncIfDue()
        }
        writeChunk()
    }

    private func drain() {
        while !encoder.isFull, let permitted = ring.take() {
            if encoder.isEmpty { checkpointIfDue() }
            if permitted.event.payload.kind.isState { gatheredState.append(permitted) }
            gatheredLosses.add(permitted.event)
            encoder.append(permitted.event)
        }
    }

    /// Begins the chunk with all state in force, so that a reader may begin there.
    private func checkpointIfDue() {
        guard let segment, segment.length - segment.checkpointLength >= options.checkpointBytes else { return }
        isCheckpoint = true
        for record in snapshot.records where !encoder.isFull { encoder.append(record.event) }
    }

    /// What the gathered chunk said is now in force, whether it was written or shed.
    private func followState() {
        for permitted in gatheredState { snapshot.follow(permitted) }
        gatheredState.removeAll(keepingCapacity: true)
        isCheckpoint = false
    }

    private func writeChunk() {
        guard !encoder.isEmpty else { return }
        guard ensureSegment(), let segment else { return shedChunk() }
        let first = encoder.firstMicroseconds
        let count = UInt64(encoder.count - encoder.snapshotCount)
        let last = encoder.lastMicroseconds
        defer { followState() }
        do {
            let bytes = try segment.write(
                encoder, isCheckpoint: isCheckpoint, losses: losses + gatheredLosses, payload: &payload,
                buffer: &buffer)
            losses = losses + gatheredLosses
            gatheredLosses = LossTotals()
            nextSequence = segment.nextSequence
            eventCount.add(count, ordering: .relaxed)
            chunkCount.add(1, ordering: .relaxed)
            byteCount.add(UInt64(bytes), ordering: .relaxed)
            if unsynced == nil { unsynced = (kymo_monotonic_microseconds(), first) }
            if segment.length >= options.segmentBytes || segment.isFull || isSegmentOld {
                followState()
                rotate()
            }
        } catch {
            // What a failed write left behind is not known: this file is not written to again. Its whole chunks stay.
            abandonSegment(error)
            noteShed(first: first, last: last, events: count)
        }
    }

    private func shedChunk() {
        noteShed(
            first: encoder.firstMicroseconds, last: encoder.lastMicroseconds,
            events: UInt64(encoder.count - encoder.snapshotCount))
        followState()
        payload.count = 0
        encoder.finish(into: &payload)
    }

    /// The gathered chunk is lost; where it told of losses itself, it stands for what they say.
    private func noteShed(first: UInt64, last: UInt64, events: UInt64) {
        let told = gatheredLosses
        gatheredLosses = LossTotals()
        let count = told.unknown == 0 ? events - told.records + told.events : nil
        noteShed(first: min(first, told.startMicroseconds), last: last, count: count)
    }

    private func noteShed(first: UInt64, last: UInt64, count: UInt64?) {
        var loss =
            shed ?? Loss(reason: .journalWrite, startMicroseconds: first, endMicroseconds: last, count: 0)
        loss.startMicroseconds = min(loss.startMicroseconds, first)
        loss.endMicroseconds = max(loss.endMicroseconds, last)
        loss.count = loss.count.flatMap { before in count.map { before + $0 } }
        shed = loss
    }

    // MARK: durability

    private var syncDeadline: UInt64? { unsynced.map { $0.sinceMicroseconds + options.syncMicroseconds } }

    private func syncIfDue() {
        if let deadline = syncDeadline, kymo_monotonic_microseconds() >= deadline { sync() }
    }

    private func sync() {
        guard let pending = unsynced, let segment else { return }
        unsynced = nil
        do {
            try segment.sync()
            syncCount.add(1, ordering: .relaxed)
        } catch {
            // The kernel may have dropped the pages and forgotten the error: a second sync would lie. The span is
            // suspect, its count unknown; what a reader finds of it is good all the same.
            abandonSegment(error)
            noteShed(first: pending.firstEventMicroseconds, last: kymo_monotonic_microseconds(), count: nil)
        }
    }

    // MARK: segments

    private var isSegmentOld: Bool {
        kymo_monotonic_microseconds() - segmentOpenedMicroseconds >= options.segmentSeconds * 1_000_000
    }

    /// Creates the next segment. Its first chunk repeats the state, and says what could not be written before.
    func openSegment() throws(Errno) {
        let now = kymo_monotonic_microseconds()
        let header = SegmentHeader(
            segmentID: Machine.randomIdentifier(), number: nextSegment, machineID: machine.machineID,
            bootID: machine.bootID, firstSequence: nextSequence, monotonicMicroseconds: now,
            realtimeMicroseconds: kymo_realtime_microseconds(), previousHash: previousHash, userID: origin.userID,
            subject: origin.subject, session: origin.session)
        // The number is used up even if this fails: a half-made file of that name may be left.
        nextSegment += 1
        let opened = try SegmentWriter(
            directory: directory, header: header, files: files, lz4: lz4, buffer: &buffer)
        do {
            try writeOpening(opened, nowMicroseconds: now)
        } catch {
            opened.discard()
            throw error
        }
        publish()
        segment = opened
        // Unless this one is sealed, the next has nothing to name.
        previousHash = .zero
        nextSequence = opened.nextSequence
        segmentOpenedMicroseconds = now
        shed = nil
        unsynced = (now, now)
    }

    private func writeOpening(_ segment: SegmentWriter, nowMicroseconds now: UInt64) throws(Errno) {
        let opening = ChunkEncoder()
        let pair = ClockPair(realtimeMicroseconds: segment.header.realtimeMicroseconds, reason: .rotation)
        opening.append(Event(timeMicroseconds: now, marks: .snapshot, payload: .clock(pair)))
        for record in snapshot.records where !opening.isFull { opening.append(record.event) }
        var totals = losses
        if let shed {
            let loss = PermittedEvent(loss: shed).event
            totals.add(loss)
            opening.append(loss)
        }
        let bytes = try segment.write(
            opening, isCheckpoint: true, losses: totals, payload: &payload, buffer: &buffer)
        losses = totals
        byteCount.add(UInt64(bytes), ordering: .relaxed)
    }

    /// Whether there is a segment to write to; tries to make one at most once a second.
    private func ensureSegment() -> Bool {
        if segment != nil { return true }
        let now = kymo_monotonic_microseconds()
        guard now >= retryMicroseconds else { return false }
        do {
            try openSegment()
            return true
        } catch {
            noteFailure(error)
            retryMicroseconds = now + options.retryMicroseconds
            return false
        }
    }

    private func noteFailure(_ error: Errno) {
        lastFailure.store(error.rawValue, ordering: .relaxed)
        failureCount.add(1, ordering: .relaxed)
    }

    private func abandonSegment(_ error: Errno) {
        noteFailure(error)
        segment = nil
        unsynced = nil
    }

    private func rotate() {
        sealSegment()
        _ = ensureSegment()
        Retention.apply(directory: directory, retainBytes: options.retainBytes, files: files)
    }

    private func sealSegment() {
        guard let segment else { return }
        let pending = unsynced
        unsynced = nil
        do {
            previousHash = try segment.seal(buffer: &buffer)
            syncCount.add(1, ordering: .relaxed)
            publish()
            unpublished = segment
            self.segment = nil
        } catch {
            abandonSegment(error)
            if let pending {
                noteShed(first: pending.firstEventMicroseconds, last: kymo_monotonic_microseconds(), count: nil)
            }
        }
    }

    private func publish() {
        guard let sealed = unpublished else { return }
        unpublished = nil
        // What is in it is durable under either name; the next start tries again.
        do { try sealed.publish() } catch { noteFailure(error) }
    }
}
