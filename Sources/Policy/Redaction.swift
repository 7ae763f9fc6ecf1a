import Events

extension FocusDescription {
    /// What the rule leaves of a report. Under `off` not even the name of the app is kept, and what is no window has none.
    /// - Parameter hash: nil: there is no key, and what would be hashed is left out.
    func redacted(by rule: EffectiveRule, hash: (String) -> String?) -> FocusDescription {
        var result = self
        if rule.titles == .hash, !title.isEmpty, let hashed = hash(title) {
            result.title = hashed
            result.titleForm = .hash
        } else if rule.titles != .full {
            result.title = ""
            result.titleForm = .off
        }
        if rule.keys == .off {
            result.appID = ""
            result.title = ""
            result.titleForm = .off
            result.processID = 0
            result.window = 0
            result.output = ""
        }
        return result
    }

    /// Equal but for number and uncertainty, which are given later.
    func isSame(as other: FocusDescription) -> Bool {
        var copy = other
        copy.id = id
        copy.uncertaintyMicroseconds = uncertaintyMicroseconds
        return self == copy
    }
}
