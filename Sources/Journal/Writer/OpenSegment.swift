import CLinuxShim
import Events
import Glibc
import Policy
import Synchronization
import SystemPackage

/// The journal's open end: the segment that is written now, as far as the disk lets there be one, and the account of what
/// the disk did not take. The journal's thread alone uses it.
///
/// A write or sync that failed is never tried again on that file: what the kernel kept of it is not known. The file is left
/// as it is, its span is told in the next segment as a loss, and events are shed, whole chunks at a time and counted,
/// until a next segment can be made.
final class OpenSegment {
    /// Of the segments to come.
    var origin: SegmentOrigin
    /// As of the last chunk that was written, or shed.
    var snapshot = StateSnapshot()
    private let directory: FilePath
    private let options: JournalOptions
    private let machine: Machine
    private let files: any FileOperations
    private let counters: WriterCounters
    private let retention: Retention
    private let lz4 = LZ4Compressor()
    private var payload = ByteBuffer(capacity: 1 << 20)
    private var buffer = ByteBuffer(capacity: 1 << 20)
    private var segment: SegmentWriter?
    /// Closed, but still under its active name: until a clean stop there is always an active file, so that none means
    /// a clean stop.
    private var unpublished: SegmentWriter?
    private var openedMicroseconds: UInt64 = 0
    /// Sequence number behind its opening chunk.
    private var openingEnd: UInt64 = 0
    private var nextNumber: UInt64
    private var nextSequence: UInt64
    /// Final hash of the segment before the next; zero if it was not sealed.
    private var previousHash: SHA256Hash
    /// What loss records that are written say.
    private var losses = LossTotals()
    /// Of what is written but not synced: since when, and the time of the oldest event in it.
    private var unsynced: (sinceMicroseconds: UInt64, firstEventMicroseconds: UInt64)?
    /// Events that the disk would not take; becomes a loss record in the next segment.
    private(set) var shed: Loss?
    private var retryMicroseconds: UInt64 = 0

    init(
        directory: FilePath, options: JournalOptions, origin: SegmentOrigin, machine: Machine,
        files: any FileOperations, counters: WriterCounters, start: Recovery.Result
    ) {
        self.directory = directory
        self.options = options
        self.origin = origin
        self.machine = machine
        self.files = files
        self.counters = counters
        retention = Retention(directory: directory, options: options, files: files, counters: counters)
        nextNumber = start.nextSegment
        nextSequence = start.nextSequence
        previousHash = start.previousHash
        counters.durableSequence.store(nextSequence - 1, ordering: .releasing)
    }

    deinit {
        payload.deallocate()
        buffer.deallocate()
    }

    /// Of the segment that is written; nil while there is none.
    var number: UInt64? { segment?.header.number }

    /// Of the newest segment there is, open or not.
    var lastNumber: UInt64 { nextNumber - 1 }

    /// Whether so much was written since the last checkpoint that the next chunk should be one.
    var isCheckpointDue: Bool {
        guard let segment else { return false }
        return segment.length - segment.checkpointLength >= options.checkpointBytes
    }

    /// Whether it is time for the next segment.
    var isFull: Bool {
        guard let segment else { return false }
        return segment.length >= options.segmentBytes || segment.isFull
            || kymo_monotonic_microseconds() - openedMicroseconds >= options.segmentSeconds * 1_000_000
    }

    /// Whether anything was written to it but what opens it.
    var hasEvents: Bool { segment.map { $0.nextSequence > openingEnd } ?? false }

    // MARK: chunks

    /// Writes what was gathered as one chunk, or sheds it.
    /// - Parameter told: what the loss records in it say.
    func write(_ encoder: ChunkEncoder, isCheckpoint: Bool, told: LossTotals) {
        let span = encoder.span
        let count = UInt64(encoder.count - span.snapshotCount)
        guard ensure(), let segment else {
            payload.count = 0
            encoder.finish(into: &payload)
            return noteShed(span, told: told, events: count)
        }
        do {
            let bytes = try segment.write(
                encoder, isCheckpoint: isCheckpoint, losses: losses + told, payload: &payload, buffer: &buffer)
            losses = losses + told
            nextSequence = segment.nextSequence
            counters.events.add(count, ordering: .relaxed)
            counters.chunks.add(1, ordering: .relaxed)
            counters.bytes.add(UInt64(bytes), ordering: .relaxed)
            // What waited in the ring while the segment was opened is older than that.
            unsynced = (
                unsynced?.sinceMicroseconds ?? kymo_monotonic_microseconds(),
                min(unsynced?.firstEventMicroseconds ?? .max, span.firstMicroseconds)
            )
        } catch {
            // What a failed write left behind is not known: this file is not written to again. Its whole chunks stay; the
            // last of them are synced now, since nobody comes back to this file.
            sync()
            abandon(error)
            noteShed(span, told: told, events: count)
        }
    }

    /// A chunk is lost; where it told of losses itself, the account stands for what they say.
    private func noteShed(_ span: ChunkEncoder.Span, told: LossTotals, events: UInt64) {
        let count = told.unknown == 0 ? events - told.records + told.events : nil
        counters.shedEvents.add(events - told.records + told.events, ordering: .relaxed)
        noteShed(
            first: min(span.firstMicroseconds, told.startMicroseconds), last: span.lastMicroseconds, count: count)
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

    /// When written bytes have waited long enough (CLOCK_MONOTONIC, µs); nil: all of them are durable.
    var syncDeadline: UInt64? { unsynced.map { $0.sinceMicroseconds + options.syncMicroseconds } }

    func syncIfDue() {
        if let deadline = syncDeadline, kymo_monotonic_microseconds() >= deadline { sync() }
    }

    /// - Returns: whether all that was written is durable.
    @discardableResult
    func sync() -> Bool {
        guard let pending = unsynced, let segment else { return segment != nil }
        unsynced = nil
        do {
            let start = kymo_monotonic_microseconds()
            try segment.sync()
            counters.note(syncMicroseconds: kymo_monotonic_microseconds() - start)
            noteSync()
            return true
        } catch {
            // The kernel may have dropped the pages and forgotten the error: a second sync would lie. The span is
            // suspect, its count unknown; what a reader finds of it is good all the same.
            abandon(error)
            noteShed(first: pending.firstEventMicroseconds, last: kymo_monotonic_microseconds(), count: nil)
            return false
        }
    }

    /// Everything that was written is on the disk.
    private func noteSync() {
        counters.syncs.add(1, ordering: .relaxed)
        counters.durableSequence.store(nextSequence - 1, ordering: .releasing)
    }

    // MARK: from one segment to the next

    /// Whether there is a segment to write to; tries to make one at most once a second.
    func ensure() -> Bool {
        if segment != nil { return true }
        let now = kymo_monotonic_microseconds()
        guard now >= retryMicroseconds else { return false }
        do throws(Errno) {
            try openMakingRoom()
            return true
        } catch {
            counters.note(error)
            retryMicroseconds = now + options.retryMicroseconds
            return false
        }
    }

    /// On a full disk the oldest go first, as far as the limits say so.
    private func openMakingRoom() throws(Errno) {
        do throws(Errno) {
            try open()
        } catch {
            guard error == .noSpace || error == Errno(rawValue: EDQUOT) else { throw error }
            applyRetention()
            try open()
        }
    }

    /// Deletes the oldest segments beyond the limits.
    func applyRetention() { retention.apply() }

    /// The next `ensure` does not wait for the disk's second to pass.
    func retryAtOnce() { retryMicroseconds = 0 }

    /// Creates the next segment. Its first chunk repeats the state, and says what could not be written before.
    func open() throws(Errno) {
        let clocks = kymo_read_clocks()
        let now = clocks.monotonic
        let header = SegmentHeader(
            segmentID: Machine.randomIdentifier(), number: nextNumber, machineID: machine.machineID,
            bootID: machine.bootID, firstSequence: nextSequence, monotonicMicroseconds: now,
            realtimeMicroseconds: clocks.realtime, previousHash: previousHash, userID: origin.userID,
            subject: origin.subject, session: origin.session)
        // The number is used up even if this fails: a half-made file of that name may be left.
        nextNumber += 1
        let opened = try SegmentWriter(
            directory: directory, header: header, files: files, lz4: lz4, buffer: &buffer)
        do {
            try writeOpening(opened, nowMicroseconds: now)
        } catch {
            opened.discard()
            throw error
        }
        // The directory's, when the file was made.
        counters.syncs.add(1, ordering: .relaxed)
        publish()
        segment = opened
        // Unless this one is sealed, the next has nothing to name.
        previousHash = .zero
        nextSequence = opened.nextSequence
        openingEnd = nextSequence
        openedMicroseconds = now
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
        counters.bytes.add(UInt64(bytes), ordering: .relaxed)
    }

    private func abandon(_ error: Errno) {
        counters.note(error)
        segment = nil
        unsynced = nil
    }

    /// Seals the segment, durably; it keeps its active name until there is a next one, or `publish`.
    func seal() {
        guard let segment else { return }
        let hash: SHA256Hash
        do {
            hash = try segment.seal(buffer: &buffer)
        } catch {
            // As for a chunk: what stands in front of it is synced now, since nobody comes back to this file, and the next
            // segment's syncs say of all lower numbers that they are durable.
            sync()
            return abandon(error)
        }
        let pending = unsynced
        unsynced = nil
        do {
            try segment.sync()
            previousHash = hash
            noteSync()
            publish()
            unpublished = segment
            self.segment = nil
        } catch {
            abandon(error)
            if let pending {
                noteShed(first: pending.firstEventMicroseconds, last: kymo_monotonic_microseconds(), count: nil)
            }
        }
    }

    /// Gives a sealed segment its final name.
    func publish() {
        guard let sealed = unpublished else { return }
        unpublished = nil
        // What is in it is durable under either name; the next start tries again.
        do {
            try sealed.publish()
            counters.syncs.add(1, ordering: .relaxed)
        } catch {
            counters.note(error)
        }
    }
}
