import Events

/// What the agent tells: windows, fields, layouts, and its answers to questions.
extension Gate {
    /// The agent is there; until its first report the focus is unknown.
    public func agentConnected(nowMicroseconds: UInt64) {
        isAgentPresent = true
        probes.forget()
        askForWhatWaits()
        // It counts its windows anew.
        privateWindows.removeAll()
        lastReport = nil
        windowPlaces = WindowPlaces()
    }

    /// Other rules hold from now on: the configuration changed, or an hour has come that the subject named.
    public func setRules(_ rules: RuleSet, nowMicroseconds: UInt64) {
        guard rules != self.rules else { return }
        self.rules = rules
        // What they tighten holds at once: nothing of before is written after it.
        lateCounts.distrust(atMicroseconds: nowMicroseconds)
        if let lastReport { focusChanged(lastReport, receivedMicroseconds: nowMicroseconds) }
        dropWindowPlaces()
        noteWindowPlace(atMicroseconds: nowMicroseconds)
    }

    /// The agent is gone: nobody knows the focus from now on.
    public func agentLost(nowMicroseconds: UInt64) {
        guard isAgentPresent else { return }
        isAgentPresent = false
        // What apps say now is told by nobody, and the next agent has not heard it.
        lateCounts.distrust(atMicroseconds: nowMicroseconds)
        // The next agent's is written again: it may be of another session, in whose segments nothing of this one is.
        layoutDescription = nil
        outputs.forget()
        // Written behind the session's end, it would be in force without anybody who could take it back.
        pendingAccounts.removeAll { $0.payload.isOutput }
        dropWindowPlaces()
        layouts.change(to: nil, atMicroseconds: nowMicroseconds, provenMicroseconds: timeline.watermarkMicroseconds)
        focusChanged(FocusDescription(id: 0, state: .unknown), receivedMicroseconds: nowMicroseconds)
    }

    /// The agent's report of who owns the keyboard since `receivedMicroseconds`. The rule decides what of it is kept.
    public func focusChanged(_ report: FocusDescription, receivedMicroseconds: UInt64) {
        focusChanged(report, receivedMicroseconds: receivedMicroseconds, isNew: false)
    }

    /// - Parameter isNew: it gets a record of its own, also if nothing of it has changed.
    func focusChanged(_ report: FocusDescription, receivedMicroseconds: UInt64, isNew: Bool) {
        let isSameWindow =
            report.state == .window && lastReport?.state == .window && lastReport?.window == report.window
            && lastReport?.appID == report.appID
        lastReport = report
        let (verdict, hiddenReason) = verdict(on: report)
        var rule = verdict
        var description = report.redacted(by: rule, hash: titleHash)
        // Pointers know no focus: what is no window takes nothing away from them.
        if report.state != .window { rule.pointer = .on }
        if !isNew, let current = timeline.current, let entry = timeline.currentEntry, entry.isUnder(rule),
            entry.hiddenReason == hiddenReason
        {
            if current.isSame(as: description) || timeline.complete(with: description) { return }
        }
        description.id = nextFocus
        nextFocus &+= 1
        if nextFocus == 0 { nextFocus = 1 }
        timeline.append(
            description, rule: rule, hiddenReason: hiddenReason, timeMicroseconds: receivedMicroseconds)
        // Nobody knows is no other window: a password's field that was there when the agent died still is.
        guard !isSameWindow, report.state != .unknown else { return }
        if owedMoves.windowChanged(atMicroseconds: receivedMicroseconds) {
            lateCounts.distrust(atMicroseconds: receivedMicroseconds)
        }
        fields.focusMoved(
            to: report.window, atMicroseconds: receivedMicroseconds,
            watermarkMicroseconds: timeline.watermarkMicroseconds)
    }

    /// The rule for what has the focus, and what to say where it is `off`.
    func verdict(on report: FocusDescription) -> (EffectiveRule, SuppressionReason) {
        guard report.state == .window else { return (.nothing, .rule) }
        if rules.denied.contains(report.appID) { return (.nothing, .denied) }
        if PrivateWindow.isOne(appID: report.appID, title: report.title) { privateWindows.insert(report.window) }
        if privateWindows.contains(report.window) { return (.nothing, .privateWindow) }
        return (rules.rule(for: report.appID), .rule)
    }

    /// The agent's word on which field of the focused window has the keyboard since then, and its looks at terminals.
    ///
    /// Of another window it is worth only what it takes away: counts that wait.
    public func fieldChanged(
        _ field: FieldDescription, window: UInt64, samples: [EchoSample], sinceMicroseconds: UInt64,
        receivedMicroseconds: UInt64
    ) {
        distrustLateCounts(after: field, receivedMicroseconds: receivedMicroseconds)
        if lastReport?.window == window { owedMoves.told(sinceMicroseconds: sinceMicroseconds) }
        for sample in samples { echo.add(sample) }
        fields.told(
            field, window: window, sinceMicroseconds: sinceMicroseconds,
            watermarkMicroseconds: timeline.watermarkMicroseconds)
    }

    /// The layout in force since then; `table` nil means unknown.
    public func layoutChanged(_ description: LayoutDescription, table: LayoutTable?, receivedMicroseconds: UInt64) {
        layouts.change(
            to: description.isKnown ? table : nil, atMicroseconds: receivedMicroseconds,
            provenMicroseconds: timeline.watermarkMicroseconds)
        guard description != layoutDescription else { return }
        layoutDescription = description
        pendingAccounts.append(Event(timeMicroseconds: receivedMicroseconds, payload: .layout(description)))
    }

    /// These are the session's outputs since then, by the agent's numbers for them.
    public func outputsChanged(
        _ outputs: [(agentNumber: UInt32, description: OutputDescription)], receivedMicroseconds: UInt64
    ) {
        pendingAccounts += self.outputs.changes(to: outputs).map {
            Event(timeMicroseconds: receivedMicroseconds, payload: .output($0))
        }
    }

    /// The agent's answer to probe `id`. An answer to no probe of ours, or one stamped outside the span in which the
    /// probe was out, confirms nothing: false.
    public func watermark(
        probe id: UInt64, sentMicroseconds: UInt64, answeredMicroseconds: UInt64, checkedMicroseconds: UInt64,
        nowMicroseconds: UInt64
    ) -> Bool {
        guard let asked = probes.take(id), sentMicroseconds >= asked, answeredMicroseconds >= sentMicroseconds,
            checkedMicroseconds >= answeredMicroseconds, checkedMicroseconds <= nowMicroseconds
        else {
            // It confirms nothing, and what it should have confirmed waits on.
            askForWhatWaits()
            return false
        }
        timeline.confirm(sentMicroseconds: sentMicroseconds, answeredMicroseconds: answeredMicroseconds)
        vouchForLateCounts(askedMicroseconds: asked)
        return true
    }
}

extension Payload {
    fileprivate var isOutput: Bool {
        if case .output = self { true } else { false }
    }
}
