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

    /// Whether a key of that time lies between two clean looks that are close enough together, and none that was taken
    /// while the key may still have been on its way saw anything else.
    func vouches(for time: UInt64) -> Bool {
        guard let after = samples.firstIndex(where: { $0.timeMicroseconds > time }), after > 0 else { return false }
        let before = after - 1
        guard samples[before].state == .clean,
            samples[after].timeMicroseconds - samples[before].timeMicroseconds <= Self.gapMicroseconds
        else { return false }
        for sample in samples[after...] {
            guard sample.timeMicroseconds <= time + Self.handingOnMicroseconds || sample == samples[after] else {
                break
            }
            guard sample.state == .clean else { return false }
        }
        return true
    }
}
