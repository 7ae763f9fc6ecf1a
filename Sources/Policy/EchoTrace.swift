import Events

/// What the subject's terminals looked like of late, and whether that vouches for a key.
struct EchoTrace {
    /// Two looks further apart say nothing of what was between them: a prompt may have come and gone.
    static let gapMicroseconds: UInt64 = 20_000
    /// A terminal emulator hands a key on a little after the kernel stamped it; what the terminals looked like by then
    /// counts as well.
    static let handingOnMicroseconds: UInt64 = 25_000
    static let capacity = 256

    private var samples: [EchoSample] = []

    init() { samples.reserveCapacity(Self.capacity) }

    /// Later looks only: a report may not rewrite what has been decided.
    mutating func add(_ sample: EchoSample) {
        guard sample.timeMicroseconds > samples.last?.timeMicroseconds ?? 0 else { return }
        if samples.count == Self.capacity { samples.removeFirst(Self.capacity / 2) }
        samples.append(sample)
    }

    /// The most that may be kept of a key of that time; nil: nothing. It must lie between two looks that saw no secret and
    /// are close enough together, and none that was taken while it may still have been on its way may have seen one.
    func limit(at time: UInt64) -> KeyRule? {
        guard let after = samples.firstIndex(where: { $0.timeMicroseconds > time }), after > 0 else { return nil }
        let before = after - 1
        guard samples[after].timeMicroseconds - samples[before].timeMicroseconds <= Self.gapMicroseconds else {
            return nil
        }
        var limit = KeyRule.full
        for (index, sample) in samples[before...].enumerated() {
            guard index <= 1 || sample.timeMicroseconds <= time + Self.handingOnMicroseconds else { break }
            switch sample.state {
            case .clean: break
            case .relayed: limit = .class
            case .secret, .unreadable: return nil
            }
        }
        return limit
    }
}
