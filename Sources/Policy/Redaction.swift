import Events

extension FocusDescription {
    /// What the rule leaves of a report. Under `off` not even the name of the app is kept, and what is no window has none.
    func redacted(by rule: EffectiveRule) -> FocusDescription {
        var result = self
        if rule.titles == .off {
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
