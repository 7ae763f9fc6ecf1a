import Events

/// Counts of key presses per class, focus and 100 ms bucket: all that the rule `class` leaves of typing.
struct KeyBuckets {
    private struct Bucket {
        var focus: FocusID
        var marks: Marks
        var counts: KeyCounts
    }

    /// One bucket seldom sees more than two windows; more than this are written early, in pieces that add up.
    static let capacity = 8

    private var buckets: [Bucket] = []
    /// End of the bucket that is being filled; nil while there is none.
    private(set) var endMicroseconds: UInt64?

    init() { buckets.reserveCapacity(Self.capacity) }

    /// Counts one press. The bucket of an earlier time must have been taken before.
    mutating func count(_ keyClass: KeyClass, timeMicroseconds: UInt64, focus: FocusID, marks: Marks) {
        let width = KeyCounts.bucketMicroseconds
        // Two keyboards may tell of their keys in another order than that of time, by a little.
        endMicroseconds = max(endMicroseconds ?? 0, (timeMicroseconds / width + 1) * width)
        let index =
            buckets.firstIndex { $0.focus == focus && $0.marks == marks }
            ?? {
                buckets.append(Bucket(focus: focus, marks: marks, counts: KeyCounts()))
                return buckets.count - 1
            }()
        let old = buckets[index].counts[keyClass]
        buckets[index].counts[keyClass] = old == .max ? .max : old + 1
    }

    var isFull: Bool { buckets.count == Self.capacity }

    /// Whether a press at that time belongs to a later bucket than the one being filled.
    func isOver(at time: UInt64) -> Bool { endMicroseconds.map { time >= $0 } ?? false }

    /// Hands out what was counted and starts anew.
    mutating func take(_ body: (consuming Event) -> Void) {
        guard let end = endMicroseconds else { return }
        for bucket in buckets {
            body(
                Event(
                    timeMicroseconds: end, focus: bucket.focus, marks: bucket.marks, payload: .keyCounts(bucket.counts))
            )
        }
        buckets.removeAll(keepingCapacity: true)
        endMicroseconds = nil
    }
}
