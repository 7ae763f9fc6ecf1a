import Events

/// Whether one policy keeps more than another of any app at all.
public enum Loosening: Sendable, Equatable {
    case none
    /// For example of this app.
    case of(app: String, before: EffectiveRule, after: EffectiveRule)
    /// Too many patterns that overlap: nobody can say, so it may.
    case undecided
}

extension RuleSet {
    /// Looks at one app id of every kind that the patterns of both policies can tell apart, so that the answer is exact
    /// for all app ids: all patterns are followed at once, character by character (a product of their automata), and two
    /// app ids that leave each pattern at the same places are of one kind.
    ///
    /// *Rejected*: comparing rule by rule. It asks again for changes that change nothing, and people who are asked for
    /// nothing learn to say yes.
    ///
    /// - Parameter limit: kinds to look at before giving up. What is the same in both, or only stricter, costs none.
    public func loosening(to next: RuleSet, limit: Int = 5_000) -> Loosening {
        let walk = PatternWalk(self, next)
        var seen: Set<[UInt64]> = []
        var waiting = [(state: walk.start, app: "")]
        while let (state, app) = waiting.popLast() {
            let before = rule(for: app)
            let after = next.rule(for: app)
            if after.exceeds(before) { return .of(app: app, before: before, after: after) }
            // Whatever follows, the new one keeps nothing of it; or nothing follows that could be kept more of.
            if walk.isDeniedForGood(state) || !walk.hasSuspects(state) { continue }
            for scalar in walk.alphabet {
                let reached = walk.step(state, scalar)
                guard seen.insert(reached).inserted else { continue }
                guard seen.count <= limit else { return .undecided }
                waiting.append((reached, app + String(scalar)))
            }
        }
        return .none
    }
}

/// All patterns of two policies, followed at once.
private struct PatternWalk {
    private struct Pattern {
        let scalars: [Unicode.Scalar]
        /// Deny lists are matched in lower case.
        let isFolded: Bool
        /// Where its bits begin in the state, in words of 64.
        let offset: Int
        var words: Int { scalars.count / 64 + 1 }
    }

    private var patterns: [Pattern] = []
    private var deniedForGood: [Int] = []
    /// Patterns by which more may be kept than before. Where none of them can match any more, each pattern that had a say
    /// before still has one at least as strict, and the new ones are no looser than what holds without them.
    private var suspects: [Int] = []
    private var wordCount = 0
    private(set) var alphabet: [Unicode.Scalar] = []

    init(_ before: RuleSet, _ after: RuleSet) {
        var characters: Set<Unicode.Scalar> = []
        func add(_ text: String, isFolded: Bool) {
            let pattern = Pattern(scalars: Array(text.unicodeScalars), isFolded: isFolded, offset: wordCount)
            wordCount += pattern.words
            patterns.append(pattern)
            for scalar in pattern.scalars where scalar != "*" && scalar != "?" {
                characters.insert(scalar)
                if isFolded { characters.formUnion(String(scalar).uppercased().unicodeScalars) }
            }
        }
        for pattern in Set((before.rules + after.rules).map(\.app.pattern)).sorted() {
            let old = before.effect(of: pattern) ?? .standard
            if after.effect(of: pattern)?.exceeds(old) ?? true { suspects.append(patterns.count) }
            add(pattern, isFolded: false)
        }
        let denials = Set(after.denied.patterns)
        for pattern in denials.union(before.denied.patterns).sorted() {
            if !denials.contains(pattern) { suspects.append(patterns.count) }
            if denials.contains(pattern), pattern.hasSuffix("*") { deniedForGood.append(patterns.count) }
            add(pattern, isFolded: true)
        }
        // And one that no pattern has: it stands for all others.
        var other: UInt32 = 0x61
        while let scalar = Unicode.Scalar(other), characters.contains(scalar) { other += 1 }
        if let scalar = Unicode.Scalar(other) { characters.insert(scalar) }
        alphabet = characters.sorted { $0.value < $1.value }
    }

    var start: [UInt64] {
        var state = [UInt64](repeating: 0, count: wordCount)
        for pattern in patterns { reach(0, of: pattern, in: &state) }
        return state
    }

    func step(_ state: [UInt64], _ scalar: Unicode.Scalar) -> [UInt64] {
        let folded = String(scalar).lowercased().unicodeScalars.first ?? scalar
        var next = [UInt64](repeating: 0, count: wordCount)
        for pattern in patterns {
            let met = pattern.isFolded ? folded : scalar
            for word in 0..<pattern.words {
                var bits = state[pattern.offset + word]
                while bits != 0 {
                    let place = word * 64 + bits.trailingZeroBitCount
                    bits &= bits - 1
                    guard place < pattern.scalars.count else { continue }
                    switch pattern.scalars[place] {
                    case "*": reach(place, of: pattern, in: &next)
                    case "?", met: reach(place + 1, of: pattern, in: &next)
                    default: break
                    }
                }
            }
        }
        return next
    }

    func isDeniedForGood(_ state: [UInt64]) -> Bool {
        deniedForGood.contains { index in
            let pattern = patterns[index]
            let end = pattern.scalars.count
            return state[pattern.offset + end / 64] >> UInt64(end % 64) & 1 == 1
        }
    }

    func hasSuspects(_ state: [UInt64]) -> Bool {
        suspects.contains { index in
            let pattern = patterns[index]
            let end = pattern.scalars.count
            // At its end it has matched what is there, and matches nothing longer.
            return (0..<pattern.words).contains { word in
                state[pattern.offset + word] & ~(word == end / 64 ? 1 << UInt64(end % 64) : 0) != 0
            }
        }
    }

    /// A star may stand for nothing: what is behind it is reached too.
    private func reach(_ place: Int, of pattern: Pattern, in state: inout [UInt64]) {
        var place = place
        while true {
            state[pattern.offset + place / 64] |= 1 << UInt64(place % 64)
            guard place < pattern.scalars.count, pattern.scalars[place] == "*" else { return }
            place += 1
        }
    }
}

extension RuleSet {
    /// What all rules with exactly that pattern say together; nil: there is none.
    fileprivate func effect(of pattern: String) -> EffectiveRule? {
        rules.reduce(nil) { found, rule in
            rule.app.pattern == pattern ? found?.tightened(by: rule.effect) ?? rule.effect : found
        }
    }
}
