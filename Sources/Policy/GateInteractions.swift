import Events

/// Which widget a click or the focus met: judged at the time at which that happened, by the rules that keys and pointers are
/// judged by, and by one of its own.
extension Gate {
    /// The window of whose widgets the agent is to tell, as the rules in force say; 0: of none. It asks apps for nothing that
    /// would not be kept.
    public var interactionWindow: UInt64 {
        guard isOpen, isAgentPresent, let entry = timeline.currentEntry, entry.state == .window,
            entry.interactions == .on
        else { return 0 }
        return timeline.current?.window ?? 0
    }

    /// The agent's word on the widget that got the keyboard.
    public func focusMet(_ widget: Widget?, window: UInt64, atMicroseconds time: UInt64) {
        hold(
            Interactions.Waiting(
                .widget(Interaction(cause: .focus, widget: widget)), window: window, timeMicroseconds: time))
    }

    /// A button was pressed at that time.
    /// - Returns: the number by which the agent is to be asked which widget it met; nil: it is nobody's business.
    public func clicked(atMicroseconds time: UInt64) -> UInt64? {
        let window = interactionWindow
        guard window != 0, timeline.currentEntry?.pointer == .on else { return nil }
        let (number, displaced) = interactions.clicks.ask(atMicroseconds: time, window: window)
        if let displaced { hold(displaced, met: nil) }
        return number
    }

    /// The agent's answer to such a question.
    /// - Returns: false where it was asked of no such click.
    public func clickMet(_ answer: ClickAnswer, number: UInt64) -> Bool {
        guard let click = interactions.clicks.take(number) else { return false }
        switch answer {
        case .widget(let met): hold(click, met: met)
        case .nothing: hold(click, met: nil)
        case .password: counters.interactionsWithheld += 1
        }
        return true
    }

    private func hold(_ click: OpenQuestions.Question, met widget: Widget?) {
        hold(
            Interactions.Waiting(
                .widget(Interaction(cause: .click, widget: widget)), window: click.window,
                timeMicroseconds: click.timeMicroseconds))
    }

    func hold(_ next: Interactions.Waiting) {
        guard isOpen, isAgentPresent else { return }
        guard interactions.add(next) else { return countWithheld(next.matter) }
        if next.knownMicroseconds >= timeline.watermarkMicroseconds {
            probes.await(next.knownMicroseconds, isPress: true)
        }
    }

    func countWithheld(_ matter: Interactions.Matter) {
        switch matter {
        case .widget: counters.interactionsWithheld += 1
        case .place: counters.placesWithheld += 1
        }
    }

    /// When `advance` can decide on what waits longest, if no answer comes; nil: nothing waits.
    var interactionDeadlineMicroseconds: UInt64? {
        interactions.first.map { $0.timeMicroseconds + Interactions.deadlineMicroseconds }
    }

    /// Decides what can be decided, behind all that happened before it and waits.
    @inline(never) func decideInteractions(nowMicroseconds now: UInt64, _ emit: (consuming Event) -> Void) {
        while let next = interactions.first {
            let time = next.timeMicroseconds
            guard holdBack.isEmpty || holdBack.firstTimeMicroseconds > time,
                next.knownMicroseconds < timeline.watermarkMicroseconds || !isAgentPresent
                    || now >= time + Interactions.deadlineMicroseconds
            else { return }
            interactions.removeFirst()
            writeState(upTo: time, emit)
            guard isAgentPresent, next.knownMicroseconds < timeline.watermarkMicroseconds,
                decide(next, emit)
            else {
                countWithheld(next.matter)
                continue
            }
        }
    }

    private func decide(_ waiting: Interactions.Waiting, _ emit: (consuming Event) -> Void) -> Bool {
        let time = waiting.timeMicroseconds
        let held = timeline.attribution(at: time)
        let payload: Payload
        switch waiting.matter {
        case .widget(let interaction):
            guard let rule = timeline.interactionRule(at: time, window: waiting.window), rule.interactions == .on,
                isPermitted(interaction, at: time, held, emit)
            else { return false }
            let widget = interaction.widget?.redacted(by: rule.titles, hash: titleHash)
            if widget == nil { counters.interactionsUnanswered += 1 }
            counters.interactions += 1
            payload = .interaction(Interaction(cause: interaction.cause, widget: widget))
        case .place(let place):
            guard isPermitted(place, waiting, held, emit) else { return false }
            counters.places += 1
            payload = .pointerPlace(place)
        }
        emit(
            Event(
                timeMicroseconds: time, focus: held.focus, marks: held.isUncertain ? [.uncertain] : [],
                payload: payload))
        return true
    }

    /// What is withheld opens no span: no input was, and where a password's field got the focus is nobody's business.
    private func isPermitted(
        _ interaction: Interaction, at time: UInt64, _ held: FocusTimeline.Attribution,
        _ emit: (consuming Event) -> Void
    ) -> Bool {
        // It tells no more than the press itself.
        if interaction.cause == .click, interaction.widget == nil { return isPressPermitted(at: time, held, emit) }
        guard suppression(time, held, fields.held(at: time), isConfirmed: true) == nil else { return false }
        if interaction.cause == .click, held.pointer == .off { return false }
        return isOutsideSpans(at: time, hidesIt: { _ in true }, emit)
    }

    /// Whether a press of that time is written, and with it what says no more of it than where it was.
    func isPressPermitted(
        at time: UInt64, _ held: FocusTimeline.Attribution, _ emit: (consuming Event) -> Void
    ) -> Bool {
        guard fields.held(at: time).limit > .privateWindow, held.state == .window, !held.isHidden, held.pointer == .on
        else { return false }
        return isOutsideSpans(at: time, hidesIt: \.hidesPointers, emit)
    }

    /// A span that is open, and hides such a thing, ends before it.
    private func isOutsideSpans(
        at time: UInt64, hidesIt: (SuppressionReason) -> Bool, _ emit: (consuming Event) -> Void
    ) -> Bool {
        guard let reason = ledger.openReason, let last = ledger.lastMicroseconds else { return true }
        // Something later was withheld already, and the span around both stays one.
        guard time > last else { return false }
        if hidesIt(reason) { closeSpan(atMicroseconds: time, emit) }
        return true
    }
}

extension Widget {
    /// A label is treated as a title is. What there is no key for is left out.
    func redacted(by rule: TitleRule, hash: (String) -> String?) -> Widget {
        var result = self
        switch rule {
        case .full where !name.isEmpty: break
        case .hash where !name.isEmpty:
            let hashed = hash(name)
            result.name = hashed ?? ""
            result.nameForm = hashed == nil ? .off : .hash
        default:
            result.name = ""
            result.nameForm = .off
        }
        return result
    }
}
