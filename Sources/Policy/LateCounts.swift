import Events
import Glibc

/// Counts of keys typed into an app that tells late which field had them (`FieldLimit.late`). They wait here until it has
/// had its time to say that the field was a password's.
///
/// A count leaves for the journal only if all of this holds, else it is thrown away:
/// - since the first key in it no app has told of a password's field, or a private window (`distrust`);
/// - a question that was asked of the agent `patienceMicroseconds` after its last key, or later, was answered by it and by
///   the app that has the keyboard then: both live, and all that the agent had been told by then was said before.
///
/// So no key of a password is counted if the app says within that time behind the key that it was one's. Nothing is
/// concluded from an app's saying that a field is none: it may speak of a move before.
///
/// In locked memory, each place wiped when it is left: it is how long a password is, and what it is made of.
final class LateCounts {
    /// The longest that Firefox took to tell of a field was 0.7 s behind the key, on two busy cores
    /// (Tests/Compositors/test_reports.py), and some three seconds in an emulated machine beside a compiler. More would cost little:
    /// what is typed in so long before a password's field, a lock or a pause is not counted, and whoever follows the journal sees
    /// counts so much later.
    static let patienceMicroseconds: UInt64 = 5_000_000
    /// What comes due within this shares a question: else each 100 ms of typing would have one of its own.
    static let gatherMicroseconds: UInt64 = 500_000
    /// So long after its time a count that nobody vouches for is thrown away.
    static let graceMicroseconds: UInt64 = 1_500_000
    /// Of seven seconds and a half at most, 75 buckets for each window that is typed into meanwhile.
    static let capacity = 1_024

    fileprivate struct Bucket {
        /// Of its first key, and of the bucket.
        var firstMicroseconds: UInt64
        var endMicroseconds: UInt64
        var focus: FocusID
        var marks: Marks
        var counts: KeyCounts
    }

    /// What was thrown away.
    struct Withheld: Equatable {
        var startMicroseconds: UInt64
        var endMicroseconds: UInt64
        var keys: UInt64
    }

    private let memory: LockedMemory<Bucket>
    private var head = 0
    @exclusivity(unchecked) private var bucketCount = 0
    /// When the last question was asked, and the last one that was answered.
    private var askedMicroseconds: UInt64 = 0
    private var answeredMicroseconds: UInt64 = 0
    /// No key up to then may be counted any more.
    private var distrustedMicroseconds: UInt64 = 0
    /// When to ask, for what no question covers yet; `.max`: for nothing.
    @exclusivity(unchecked) private(set) var wishedMicroseconds = UInt64.max

    init() throws(PolicyError) { memory = try LockedMemory(capacity: Self.capacity) }

    var isEmpty: Bool { bucketCount == 0 }

    private func place(_ index: Int) -> UnsafeMutablePointer<Bucket> {
        memory.slots + (head + index) % Self.capacity
    }

    // MARK: what comes in

    /// Counts one press. False: there is no room.
    func count(_ keyClass: KeyClass, timeMicroseconds time: UInt64, focus: FocusID, marks: Marks) -> Bool {
        let width = KeyCounts.bucketMicroseconds
        let end = (time / width + 1) * width
        var index = bucketCount
        while index > 0, place(index - 1).pointee.endMicroseconds >= end {
            index -= 1
            let bucket = place(index)
            guard bucket.pointee.endMicroseconds == end, bucket.pointee.focus == focus, bucket.pointee.marks == marks
            else { continue }
            let old = bucket.pointee.counts[keyClass]
            bucket.pointee.counts[keyClass] = old == .max ? .max : old + 1
            bucket.pointee.firstMicroseconds = min(bucket.pointee.firstMicroseconds, time)
            return true
        }
        guard bucketCount < Self.capacity else { return false }
        var counts = KeyCounts()
        counts[keyClass] = 1
        place(bucketCount).initialize(
            to: Bucket(firstMicroseconds: time, endMicroseconds: end, focus: focus, marks: marks, counts: counts))
        bucketCount += 1
        if wishedMicroseconds == .max { wishForWhatIsNotCovered() }
        return true
    }

    /// Something was said at that time, or happened, for which no key up to then may be counted: also of those that are
    /// decided on only later.
    func distrust(atMicroseconds time: UInt64) { distrustedMicroseconds = max(distrustedMicroseconds, time) }

    /// The agent was asked.
    func asked(atMicroseconds time: UInt64) {
        askedMicroseconds = max(askedMicroseconds, time)
        if bucketCount > 0 { wishForWhatIsNotCovered() }
    }

    /// A question that was asked at that time, or before, was answered.
    func answered(askedMicroseconds time: UInt64) { answeredMicroseconds = max(answeredMicroseconds, time) }

    /// The agent answered, and the app did not: it is asked again, until there is no time left.
    func unanswered() {
        askedMicroseconds = answeredMicroseconds
        if bucketCount > 0 { wishForWhatIsNotCovered() }
    }

    private func wishForWhatIsNotCovered() {
        wishedMicroseconds = .max
        for index in 0..<bucketCount {
            let ripe = place(index).pointee.endMicroseconds + Self.patienceMicroseconds
            if ripe > askedMicroseconds {
                wishedMicroseconds = ripe + Self.gatherMicroseconds
                return
            }
        }
    }

    // MARK: what goes out

    /// When something is to be thrown away, if nothing else happens; nil: nothing waits.
    var deadlineMicroseconds: UInt64? {
        bucketCount == 0
            ? nil : place(0).pointee.endMicroseconds + Self.patienceMicroseconds + Self.graceMicroseconds
    }

    /// Hands out what may be written, and throws away what may not.
    func settle(nowMicroseconds now: UInt64, _ body: (consuming Event) -> Void) -> Withheld? {
        var withheld: Withheld?
        while bucketCount > 0 {
            let bucket = place(0).pointee
            let ripe = bucket.endMicroseconds + Self.patienceMicroseconds
            if bucket.firstMicroseconds <= distrustedMicroseconds {
                withheld = bucket.joined(to: withheld)
            } else if ripe <= answeredMicroseconds {
                body(
                    Event(
                        timeMicroseconds: bucket.endMicroseconds, focus: bucket.focus, marks: bucket.marks,
                        payload: .keyCounts(bucket.counts)))
            } else if now >= ripe + Self.graceMicroseconds {
                withheld = bucket.joined(to: withheld)
            } else {
                break
            }
            removeFirst()
        }
        if bucketCount == 0 { wishedMicroseconds = .max }
        return withheld
    }

    /// Throws everything away.
    func discard() -> Withheld? {
        var withheld: Withheld?
        while bucketCount > 0 {
            withheld = place(0).pointee.joined(to: withheld)
            removeFirst()
        }
        wishedMicroseconds = .max
        return withheld
    }

    private func removeFirst() {
        memset(UnsafeMutableRawPointer(place(0)), 0, MemoryLayout<Bucket>.stride)
        head = (head + 1) % Self.capacity
        bucketCount -= 1
    }
}

extension LateCounts.Bucket {
    /// One span of both.
    fileprivate func joined(to span: LateCounts.Withheld?) -> LateCounts.Withheld {
        let start = endMicroseconds - KeyCounts.bucketMicroseconds
        guard let span else {
            return LateCounts.Withheld(startMicroseconds: start, endMicroseconds: endMicroseconds, keys: counts.sum)
        }
        return LateCounts.Withheld(
            startMicroseconds: min(span.startMicroseconds, start),
            endMicroseconds: max(span.endMicroseconds, endMicroseconds), keys: span.keys + counts.sum)
    }
}
