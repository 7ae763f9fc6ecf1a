import Events

/// Decides, fail closed, what of each event may be written.
///
/// Events wait here until the agent has confirmed who owned the keyboard at their time (a *watermark*), or until the
/// deadline, at which a key is suppressed and never let through for want of an answer. Decisions are made in the order
/// of arrival, so that what comes out is in the order of what happened.
///
/// Pure but for the locked memory: no clock, no descriptor. Every call that needs the time is told it
/// (CLOCK_MONOTONIC, µs); `advance` hands out what was decided.
public final class Gate {
    /// A key that is not confirmed this long after it happened is suppressed.
    public static let deadlineMicroseconds: UInt64 = 300_000
    /// Pointer events alone ask for a confirmation at most this often.
    static let pointerProbeMicroseconds: UInt64 = 50_000

    private let rules: RuleSet
    private let holdBack: HoldBack
    @exclusivity(unchecked) var timeline = FocusTimeline()
    @exclusivity(unchecked) private var keyboard = Keyboard()
    @exclusivity(unchecked) private var layouts = LayoutHistory()
    private var layoutDescription: LayoutDescription?
    @exclusivity(unchecked) private var buckets = KeyBuckets()
    @exclusivity(unchecked) private var ledger = Ledger()
    @exclusivity(unchecked) private var probes = Probes()
    @exclusivity(unchecked) private var overflow: Overflow?
    private var nextFocus: FocusID = 1
    @exclusivity(unchecked) private var isAgentPresent = false
    /// How many of the events that wait are presses or releases: they ask for a confirmation at once.
    @exclusivity(unchecked) private var pressesHeld = 0
    /// Layout records and the like, to be written when their time comes.
    @exclusivity(unchecked) private var pendingAccounts: [Event] = []

    @exclusivity(unchecked) public private(set) var isOpen = false
    @exclusivity(unchecked) public private(set) var counters = Counters()

    /// - Parameter capacity: events that can wait; more are dropped and counted as a loss.
    public init(rules: RuleSet, capacity: Int = 16_384) throws(PolicyError) {
        self.rules = rules
        holdBack = try HoldBack(capacity: capacity)
    }

    // MARK: what comes in

    /// An event from a device, in the order of arrival.
    public func hold(_ event: consuming Event) {
        guard !holdBack.isFull, overflow == nil else { return holdAfterOverflow(event) }
        if event.payload.isPress { pressesHeld += 1 }
        holdBack.append(event)
    }

    @inline(never) private func holdAfterOverflow(_ event: consuming Event) {
        if holdBack.isFull {
            overflow = Overflow(adding: event, to: overflow)
            return
        }
        if let lost = overflow {
            holdBack.append(lost.event)
            overflow = nil
        }
        hold(event)
    }

    /// Keys that were down when the device was opened.
    public func keysWereDown(_ codes: [UInt16], on device: DeviceID) { keyboard.wereDownAtOpen(codes, device: device) }

    /// The agent is there; until its first report the focus is unknown.
    public func agentConnected(nowMicroseconds: UInt64) {
        isAgentPresent = true
        probes = Probes()
    }

    /// The agent is gone: nobody knows the focus from now on.
    public func agentLost(nowMicroseconds: UInt64) {
        guard isAgentPresent else { return }
        isAgentPresent = false
        layouts.change(to: nil, atMicroseconds: nowMicroseconds, provenMicroseconds: timeline.watermarkMicroseconds)
        focusChanged(FocusDescription(id: 0, state: .unknown), receivedMicroseconds: nowMicroseconds)
    }

    /// The agent's report of who owns the keyboard since `receivedMicroseconds`. The rule decides what of it is kept.
    public func focusChanged(_ report: FocusDescription, receivedMicroseconds: UInt64) {
        let rule = report.state == .window ? rules.rule(for: report.appID) : .nothing
        var description = report.redacted(by: rule)
        if let current = timeline.current, timeline.currentKeys == rule.keys {
            if current.isSame(as: description) || timeline.complete(with: description) { return }
        }
        description.id = nextFocus
        nextFocus &+= 1
        if nextFocus == 0 { nextFocus = 1 }
        timeline.append(description, keys: rule.keys, timeMicroseconds: receivedMicroseconds)
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

    /// The agent's answer to probe `id`. An answer to no probe of ours, or one stamped outside the span in which the
    /// probe was out, confirms nothing: false.
    public func watermark(
        probe id: UInt64, sentMicroseconds: UInt64, answeredMicroseconds: UInt64, nowMicroseconds: UInt64
    ) -> Bool {
        guard let asked = probes.take(id), sentMicroseconds >= asked, answeredMicroseconds >= sentMicroseconds,
            answeredMicroseconds <= nowMicroseconds
        else { return false }
        timeline.confirm(sentMicroseconds: sentMicroseconds, answeredMicroseconds: answeredMicroseconds)
        return true
    }

    /// Opens or closes the gate as a whole (no active session of the subject on the seat). Closing discards all that
    /// waits, and accounts for it; counts of presses that were let through before are written.
    public func setOpen(_ open: Bool, nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        guard open != isOpen else { return }
        isOpen = open
        guard !open else { return }
        drain(reason: .inactive) { body(PermittedEvent(permitted: $0)) }
        keyboard.reset()
    }

    // MARK: asking

    /// The id of a probe to send now, if one is due.
    public func probeDue(nowMicroseconds now: UInt64) -> UInt64? {
        guard isAgentPresent, let due = probeTime(), now >= due else { return nil }
        return probes.start(nowMicroseconds: now)
    }

    private func probeTime() -> UInt64? {
        guard !probes.isOutstanding else { return nil }
        var due: UInt64?
        if timeline.hasUnsettled { due = 0 }
        if !holdBack.isEmpty {
            // A press is asked for at once, but late enough that the compositor could surely read it.
            let wait = pressesHeld > 0 ? FocusTimeline.marginMicroseconds : Self.pointerProbeMicroseconds
            due = min(due ?? .max, holdBack.firstTimeMicroseconds + wait + 1)
        }
        return due
    }

    /// When `advance` or `probeDue` have something to do next, if nothing else happens.
    public var nextDeadlineMicroseconds: UInt64? {
        var next: UInt64?
        if !holdBack.isEmpty { next = holdBack.firstTimeMicroseconds + Self.deadlineMicroseconds }
        if isAgentPresent, let probe = probeTime() { next = min(next ?? .max, probe) }
        // These take their place behind what waits: nothing can be done about them before.
        guard holdBack.isEmpty else { return next }
        if let end = buckets.endMicroseconds { next = min(next ?? .max, end) }
        if let (entry, _) = timeline.firstUnwritten {
            next = min(next ?? .max, entry.isSettled ? 0 : entry.timeMicroseconds + Self.deadlineMicroseconds)
        }
        return next
    }

    // MARK: deciding

    /// Decides whatever can be decided by now, in order.
    public func advance(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        while !holdBack.isEmpty, isDecidable(nowMicroseconds: now) {
            let event = holdBack.removeFirst()
            if event.payload.isPress { pressesHeld -= 1 }
            writeState(upTo: event.timeMicroseconds, emit)
            decide(event, emit)
        }
        if holdBack.isEmpty {
            writeState(upTo: now, emit)
            if overflow != nil { flushOverflow(emit) }
        }
        let horizon = holdBack.isEmpty ? now : holdBack.firstTimeMicroseconds
        timeline.forget(before: horizon > 1_000_000 ? horizon - 1_000_000 : 0)
    }

    /// The recorder stops: what still waits is not written, and accounted for.
    public func stop(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        advance(nowMicroseconds: now, body)
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        drain(reason: .stopping, emit)
        writeState(upTo: .max, emit)
        flushOverflow(emit)
        ledger.close(emit)
    }

    private func isDecidable(nowMicroseconds now: UInt64) -> Bool {
        let time = holdBack.firstTimeMicroseconds
        if !isOpen || !isAgentPresent || time < timeline.watermarkMicroseconds {
            return true
        }
        return now >= time + Self.deadlineMicroseconds || !holdBack.first.payload.isInput
    }

    @inline(__always) private func decide(_ event: consuming Event, _ emit: (consuming Event) -> Void) {
        guard event.payload.isInput else { return passAccount(event, emit) }
        guard isOpen else { return account(event, reason: .inactive, emit) }
        let isConfirmed = isAgentPresent && event.timeMicroseconds < timeline.watermarkMicroseconds
        let held = timeline.attribution(at: event.timeMicroseconds)
        if case .key(let key) = event.payload {
            let layout = layouts.table(at: event.timeMicroseconds)
            keyboard.follow(key, device: event.device, layout: layout)
            decideKey(event, key, held, isConfirmed: isConfirmed, layout: layout, emit)
        } else {
            decideOther(event, held, isConfirmed: isConfirmed, emit)
        }
    }

    /// What nobody's hand made needs no decision, but may say that keys are missing.
    @inline(never) private func passAccount(_ event: consuming Event, _ emit: (consuming Event) -> Void) {
        switch event.payload {
        case .deviceRemoved: keyboard.deviceRemoved(event.device)
        case .loss(let loss) where loss.reason == .holdBackFull: keyboard.loseTrack()
        default: break
        }
        emit(event)
    }

    @inline(never) private func decideKey(
        _ event: consuming Event, _ key: Key, _ held: FocusTimeline.Attribution, isConfirmed: Bool, layout: LayoutTable?,
        _ emit: (consuming Event) -> Void
    ) {
        // Of a press too: if the release before it went missing, the next one is not that press's.
        let wasWritten = keyboard.takeWrittenPress(key.code)
        if let reason = Self.suppression(held, isConfirmed: isConfirmed) {
            return account(event, reason: reason, emit)
        }
        ledger.close(emit)
        let marks = held.marks(for: event)
        switch (held.keys, key.press) {
        case (.full, .pressed): keyboard.pressWasWritten(key.code)
        case (.full, .released) where wasWritten: break
        case (.class, .pressed):
            let meaning = KeyMeaning(
                key, modifiers: keyboard.modifiers, layout: layout, isTrusted: keyboard.isTrusted)
            switch meaning {
            case .modifier: return
            case .command: break
            case .text(let keyClass):
                if buckets.isFull { buckets.take(emit) }
                buckets.count(
                    keyClass, timeMicroseconds: event.timeMicroseconds, focus: held.focus,
                    marks: marks.subtracting(.causedFocusChange))
                counters.keysCounted += 1
                return
            }
        // The release of a key whose press was not written with its identity would give it away.
        default: return
        }
        event.payload = .key(Key(code: key.code, press: key.press, modifiers: keyboard.modifiers))
        event.focus = held.focus
        event.marks = marks
        counters.permitted += 1
        emit(event)
    }

    @inline(__always) private func decideOther(
        _ event: consuming Event, _ held: FocusTimeline.Attribution, isConfirmed: Bool, _ emit: (consuming Event) -> Void
    ) {
        if held.isHidden { return account(event, reason: .rule, emit) }
        if ledger.openReason == .rule || ledger.openReason == .inactive { ledger.close(emit) }
        if isConfirmed, held.state != .unknown {
            event.focus = held.focus
            event.marks = held.marks(for: event)
        }
        counters.permitted += 1
        emit(event)
    }

    /// Why a key may not be written in any form; nil if some form of it may.
    private static func suppression(_ held: FocusTimeline.Attribution, isConfirmed: Bool) -> SuppressionReason? {
        switch held.state {
        case .unknown: .focusUnknown
        case .none: .noWindow
        case .window where !isConfirmed: .unconfirmed
        case .window: held.keys == .off ? .rule : nil
        }
    }

    @inline(never) private func account(_ event: Event, reason: SuppressionReason, _ emit: (consuming Event) -> Void) {
        // The release of a suppressed press neither opens a span nor counts.
        if case .key(let key) = event.payload, key.press == .released { return }
        if !event.payload.isInput { return emit(event) }
        counters.suppressed += 1
        ledger.suppress(event, reason: reason, emit)
    }

    // MARK: state that takes its place among the events

    /// Writes focus changes, layout records and full buckets whose time is not after `time`.
    @inline(__always) private func writeState(upTo time: UInt64, _ emit: (consuming Event) -> Void) {
        // Asked before every event, and nearly always for nothing.
        guard buckets.endMicroseconds != nil || timeline.hasUnwritten || !pendingAccounts.isEmpty else { return }
        writePending(upTo: time, emit)
    }

    @inline(never) private func writePending(upTo time: UInt64, _ emit: (consuming Event) -> Void) {
        if buckets.isOver(at: time) { buckets.take(emit) }
        if let forgotten = timeline.takeForgotten() {
            emit(Event(timeMicroseconds: forgotten.endMicroseconds, payload: .loss(forgotten)))
        }
        while timeline.unwrittenCount > 0 || !pendingAccounts.isEmpty {
            let account = pendingAccounts.first.flatMap { $0.timeMicroseconds <= time ? $0 : nil }
            if let change = timeline.firstUnwritten, change.entry.timeMicroseconds <= time,
                change.entry.timeMicroseconds < account?.timeMicroseconds ?? .max
            {
                guard writeFocus(change.entry, change.description, upTo: time, emit) else { return }
            } else if let account {
                emit(account)
                pendingAccounts.removeFirst()
            } else {
                return
            }
        }
    }

    private func writeFocus(
        _ entry: FocusTimeline.Entry, _ redacted: FocusDescription, upTo time: UInt64, _ emit: (consuming Event) -> Void
    ) -> Bool {
        // Unsettled: a probe is on its way that tells how uncertain the change is; but not for ever.
        guard entry.isSettled || !isAgentPresent || time >= entry.timeMicroseconds + Self.deadlineMicroseconds
        else { return false }
        var description = redacted
        description.uncertaintyMicroseconds = UInt32(clamping: entry.timeMicroseconds - entry.earliestMicroseconds)
        // Who has the focus changes nothing while the gate as a whole is closed.
        if ledger.openReason != .inactive { ledger.close(emit) }
        emit(Event(timeMicroseconds: entry.timeMicroseconds, focus: description.id, payload: .focus(description)))
        timeline.firstWasWritten()
        return true
    }

    private func flushOverflow(_ emit: (consuming Event) -> Void) {
        guard let lost = overflow else { return }
        overflow = nil
        keyboard.loseTrack()
        emit(lost.event)
    }

    private func drain(reason: SuppressionReason, _ emit: (consuming Event) -> Void) {
        // What was counted has been decided already.
        buckets.take(emit)
        while !holdBack.isEmpty { account(holdBack.removeFirst(), reason: reason, emit) }
        pressesHeld = 0
    }
}

extension Payload {
    fileprivate var isPress: Bool {
        switch self {
        case .key, .button: true
        default: false
        }
    }
}
