import Events

/// What the agent tells of things done with the pointer and the keyboard beyond the devices' own word: which widgets clicks
/// and the focus met, and where the pointer was. What waits for a decision, and the presses of which it was asked.
///
/// Beside the hold-back and not in it: what an app or a compositor says comes milliseconds to a tenth of a second and more
/// behind what was done, has texts, and is seldom. Mice and keys pay nothing for it.
struct Interactions {
    enum Matter {
        case widget(Interaction)
        case place(PointerPlace)
    }

    struct Waiting {
        var matter: Matter
        /// The agent's number for the window that it was in.
        var window: UInt64
        /// When it was done.
        var timeMicroseconds: UInt64
        /// Of when it tells: not before who had the keyboard then is confirmed can it be judged.
        var knownMicroseconds: UInt64

        init(_ matter: Matter, window: UInt64, timeMicroseconds: UInt64, knownMicroseconds: UInt64? = nil) {
            self.matter = matter
            self.window = window
            self.timeMicroseconds = timeMicroseconds
            self.knownMicroseconds = knownMicroseconds ?? timeMicroseconds
        }
    }

    /// Nobody's hands are so quick: more than this in a hold-back are dropped, and counted as withheld.
    static let capacity = 64
    /// What is not confirmed so long after it happened is withheld. Later than of a key: nothing waits for it, an app has to be
    /// asked first, and who had the keyboard is kept for a second.
    static let deadlineMicroseconds: UInt64 = 900_000

    private var waiting: [Waiting] = []
    /// Which widget did it meet?
    var clicks = OpenQuestions()
    /// Where was the pointer?
    var presses = OpenQuestions()
    /// What happened before this is nobody's business any more: the gate was closed, or it was to be forgotten.
    private var notBeforeMicroseconds: UInt64 = 0

    init() { waiting.reserveCapacity(Self.capacity) }

    @inline(__always) var isEmpty: Bool { waiting.isEmpty }
    var first: Waiting? { waiting.first }

    mutating func removeFirst() { waiting.removeFirst() }

    /// - Returns: false where there is no room for it.
    mutating func add(_ next: Waiting) -> Bool {
        guard next.timeMicroseconds >= notBeforeMicroseconds else { return true }
        guard waiting.count < Self.capacity else { return false }
        waiting.append(next)
        return true
    }

    /// All that waits, and all answers that are out, mean nothing any more.
    mutating func discard(beforeMicroseconds time: UInt64) {
        waiting.removeAll(keepingCapacity: true)
        clicks.discard()
        presses.discard()
        notBeforeMicroseconds = max(notBeforeMicroseconds, time)
    }
}

/// Presses of which the agent was asked, and has not answered.
struct OpenQuestions {
    struct Question {
        /// Not used twice.
        var number: UInt64
        var timeMicroseconds: UInt64
        var window: UInt64
    }

    /// The oldest goes without an answer where there are more.
    static let capacity = 32

    private var open: [Question] = []
    private var last: UInt64 = 0

    init() { open.reserveCapacity(Self.capacity) }

    /// - Returns: the number to ask by, and the question that will not be answered for want of room.
    mutating func ask(atMicroseconds time: UInt64, window: UInt64) -> (number: UInt64, displaced: Question?) {
        let displaced = open.count == Self.capacity ? open.removeFirst() : nil
        last += 1
        open.append(Question(number: last, timeMicroseconds: time, window: window))
        return (last, displaced)
    }

    /// The question of that number, once; nil: nobody was asked of such a one.
    mutating func take(_ number: UInt64) -> Question? {
        open.firstIndex { $0.number == number }.map { open.remove(at: $0) }
    }

    mutating func discard() { open.removeAll(keepingCapacity: true) }
}
