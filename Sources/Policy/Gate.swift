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

    private var rules: RuleSet
    private let titleHash: (String) -> String?
    private let holdBack: HoldBack
    @exclusivity(unchecked) var timeline = FocusTimeline()
    @exclusivity(unchecked) private var fields = FieldTimeline()
    @exclusivity(unchecked) private var echo = EchoTrace()
    /// As the agent told it: looked at again when the rules change.
    private var lastReport: FocusDescription?
    /// Windows that were a browser's private ones once: a page may change its title, and a window stays what it is.
    private var privateWindows: Set<UInt64> = []
    @exclusivity(unchecked) private var keyboard = Keyboard()
    @exclusivity(unchecked) private var layouts = LayoutHistory()
    private var layoutDescription: LayoutDescription?
    @exclusivity(unchecked) private var buckets = KeyBuckets()
    @exclusivity(unchecked) private var ledger = Ledger()
    @exclusivity(unchecked) private var probes = Probes()
    @exclusivity(unchecked) private var overflow: Overflow?
    private var nextFocus: FocusID = 1
    @exclusivity(unchecked) private var isAgentPresent = false
    /// Layout records and the like, to be written when their time comes.
    @exclusivity(unchecked) private var pendingAccounts: [Event] = []

    @exclusivity(unchecked) public private(set) var isOpen = false
    @exclusivity(unchecked) public private(set) var counters = Counters()

    /// - Parameters:
    ///   - titleHash: a keyed hash, for titles under the rule `hash`; called where the focus changes. Nil: there is no
    ///     key, and the title is left out.
    ///   - capacity: events that can wait; more are dropped and counted as a loss.
    public init(
        rules: RuleSet, titleHash: @escaping (String) -> String? = { _ in nil }, capacity: Int = 16_384
    ) throws(PolicyError) {
        self.rules = rules
        self.titleHash = titleHash
        holdBack = try HoldBack(capacity: capacity)
    }

    // MARK: what comes in

    /// An event from a device, in the order of arrival.
    public func hold(_ event: consuming Event) {
        guard !holdBack.isFull, overflow == nil else { return holdAfterOverflow(event) }
        if event.payload.isInput { probes.await(event.timeMicroseconds, isPress: event.payload.isPress) }
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
        probes.forget()
        askForWhatWaits()
        // It counts its windows anew.
        privateWindows.removeAll()
        lastReport = nil
    }

    /// Other rules hold from now on: the configuration changed, or an hour has come that the subject named.
    public func setRules(_ rules: RuleSet, nowMicroseconds: UInt64) {
        guard rules != self.rules else { return }
        self.rules = rules
        if let lastReport { focusChanged(lastReport, receivedMicroseconds: nowMicroseconds) }
    }

    /// The agent is gone: nobody knows the focus from now on.
    public func agentLost(nowMicroseconds: UInt64) {
        guard isAgentPresent else { return }
        isAgentPresent = false
        // The next agent's is written again: it may be of another session, in whose segments nothing of this one is.
        layoutDescription = nil
        layouts.change(to: nil, atMicroseconds: nowMicroseconds, provenMicroseconds: timeline.watermarkMicroseconds)
        focusChanged(FocusDescription(id: 0, state: .unknown), receivedMicroseconds: nowMicroseconds)
    }

    /// The agent's report of who owns the keyboard since `receivedMicroseconds`. The rule decides what of it is kept.
    public func focusChanged(_ report: FocusDescription, receivedMicroseconds: UInt64) {
        focusChanged(report, receivedMicroseconds: receivedMicroseconds, isNew: false)
    }

    /// - Parameter isNew: it gets a record of its own, also if nothing of it has changed.
    private func focusChanged(_ report: FocusDescription, receivedMicroseconds: UInt64, isNew: Bool) {
        let isSameWindow =
            report.state == .window && lastReport?.state == .window && lastReport?.window == report.window
            && lastReport?.appID == report.appID
        lastReport = report
        let (rule, hiddenReason) = verdict(on: report)
        var description = report.redacted(by: rule, hash: titleHash)
        // Pointers know no focus: what is no window takes nothing away from them.
        let pointer = report.state == .window ? rule.pointer : .on
        if !isNew, let current = timeline.current, let entry = timeline.currentEntry, entry.keys == rule.keys,
            entry.pointer == pointer, entry.hiddenReason == hiddenReason
        {
            if current.isSame(as: description) || timeline.complete(with: description) { return }
        }
        description.id = nextFocus
        nextFocus &+= 1
        if nextFocus == 0 { nextFocus = 1 }
        timeline.append(
            description, keys: rule.keys, pointer: pointer, hiddenReason: hiddenReason,
            timeMicroseconds: receivedMicroseconds)
        // Nobody knows is no other window: a password's field that was there when the agent died still is.
        guard !isSameWindow, report.state != .unknown else { return }
        fields.focusMoved(
            to: report.window, atMicroseconds: receivedMicroseconds,
            watermarkMicroseconds: timeline.watermarkMicroseconds)
    }

    /// The rule for what has the focus, and what to say where it is `off`.
    private func verdict(on report: FocusDescription) -> (EffectiveRule, SuppressionReason) {
        guard report.state == .window else { return (.nothing, .rule) }
        if rules.denied.contains(report.appID) { return (.nothing, .denied) }
        if PrivateWindow.isOne(appID: report.appID, title: report.title) { privateWindows.insert(report.window) }
        if privateWindows.contains(report.window) { return (.nothing, .privateWindow) }
        return (rules.rule(for: report.appID), .rule)
    }

    /// The agent's word on which field of the focused window has the keyboard since then, and its looks at terminals.
    public func fieldChanged(
        _ field: FieldDescription, window: UInt64, samples: [EchoSample], sinceMicroseconds: UInt64
    ) {
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
        return true
    }

    /// Opens or closes the gate as a whole. Closing discards all that waits, and begins a span of that reason, which
    /// lasts until it is opened, or closed for another reason. Counts of presses that were let through before are
    /// written.
    public func setOpen(
        _ open: Bool, reason: SuppressionReason = .inactive, nowMicroseconds now: UInt64,
        _ body: (consuming PermittedEvent) -> Void
    ) {
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        let start = holdBack.isEmpty ? now : min(now, holdBack.firstTimeMicroseconds)
        if isOpen, !open {
            discardAll(emit)
            closeSpan(atMicroseconds: now, emit)
        }
        isOpen = open
        guard !open else { return ledger.end(atMicroseconds: now, emit) }
        ledger.begin(reason, atMicroseconds: start, emit)
        keyboard.reset()
    }

    // MARK: forgetting

    /// What waits is to be forgotten, by the wish of the person: it is discarded and not even counted, and so are the
    /// counts that are being made. What is known of the focus until now is handed out, so that whoever forgets what was
    /// written until now reaches it, too. `restateFocus` goes behind that.
    public func discardWaiting(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        buckets.take { _ in }
        while !holdBack.isEmpty {
            let event = holdBack.removeFirst()
            guard event.payload.isInput else {
                passAccount(event, emit)
                continue
            }
            counters.suppressed += 1
            if case .key(let key) = event.payload {
                keyboard.follow(key, device: event.device, layout: layouts.table(at: event.timeMicroseconds))
            }
        }
        // A release would tell which key went down before.
        keyboard.forgetWrittenPresses()
        probes.clear()
        flushOverflow(emit)
        while let change = timeline.firstUnwritten, change.entry.timeMicroseconds <= now {
            guard writeFocus(change.entry, change.description, upTo: .max, emit) else { break }
        }
    }

    /// Tells anew, as of now, what has the focus: what was told of it before may have been forgotten.
    public func restateFocus(nowMicroseconds now: UInt64) {
        guard isOpen, isAgentPresent, let lastReport, lastReport.state == .window else { return }
        focusChanged(lastReport, receivedMicroseconds: now, isNew: true)
    }

    /// What waits is not even counted: it may be the first keys of an unlocking.
    private func discardAll(_ emit: (consuming Event) -> Void) {
        buckets.take(emit)
        while !holdBack.isEmpty {
            let event = holdBack.removeFirst()
            if event.payload.isInput { counters.suppressed += 1 } else { emit(event) }
        }
        probes.clear()
        flushOverflow(emit)
    }

    // MARK: asking

    /// The id of a probe to send now, if one is due.
    public func probeDue(nowMicroseconds now: UInt64) -> UInt64? {
        guard isAgentPresent, let due = probeTime(), now >= due else { return nil }
        return probes.start(nowMicroseconds: now)
    }

    private func probeTime() -> UInt64? {
        let waiting = probes.dueMicroseconds(pointerMicroseconds: Self.pointerProbeMicroseconds)
        // How uncertain a change is tells a question that is asked after it.
        guard timeline.hasUnsettled, let change = timeline.currentEntry?.timeMicroseconds,
            change >= probes.lastAskedMicroseconds ?? 0
        else { return waiting }
        let due = probes.allowed(change)
        return waiting.map { min($0, due ?? .max) } ?? due
    }

    /// What waits was asked for, and will not be answered: by the next question it is covered as a press.
    private func askForWhatWaits() {
        if !holdBack.isEmpty { probes.await(holdBack.firstTimeMicroseconds, isPress: true) }
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
            writeState(upTo: event.timeMicroseconds, emit)
            decide(event, emit)
        }
        if holdBack.isEmpty {
            probes.clear()
            writeState(upTo: now, emit)
            if overflow != nil { flushOverflow(emit) }
        }
        let horizon = holdBack.isEmpty ? now : holdBack.firstTimeMicroseconds
        timeline.forget(before: horizon > 1_000_000 ? horizon - 1_000_000 : 0)
        fields.forget(before: min(ledger.lastMicroseconds ?? .max, horizon > 1_000_000 ? horizon - 1_000_000 : 0))
    }

    /// The recorder stops: what still waits is not written, and accounted for.
    public func stop(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        advance(nowMicroseconds: now, body)
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        drain(reason: .stopping, emit)
        writeState(upTo: .max, emit)
        flushOverflow(emit)
        if isOpen { closeSpan(atMicroseconds: now, emit) } else { ledger.end(atMicroseconds: now, emit) }
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
        guard isOpen else {
            counters.suppressed += 1
            return
        }
        let isConfirmed = isAgentPresent && event.timeMicroseconds < timeline.watermarkMicroseconds
        let held = timeline.attribution(at: event.timeMicroseconds)
        let field = fields.held(at: event.timeMicroseconds)
        if case .key(let key) = event.payload {
            let layout = layouts.table(at: event.timeMicroseconds)
            keyboard.follow(key, device: event.device, layout: layout)
            decideKey(event, key, held, field, isConfirmed: isConfirmed, layout: layout, emit)
        } else {
            decideOther(event, held, field, isConfirmed: isConfirmed, emit)
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
        _ event: consuming Event, _ key: Key, _ held: FocusTimeline.Attribution, _ field: FieldTimeline.Held,
        isConfirmed: Bool, layout: LayoutTable?, _ emit: (consuming Event) -> Void
    ) {
        // Of a press too: if the release before it went missing, the next one is not that press's.
        let wasWritten = keyboard.takeWrittenPress(key.code)
        if let reason = suppression(event.timeMicroseconds, held, field, isConfirmed: isConfirmed) {
            return account(event, reason: reason, emit)
        }
        closeSpan(atMicroseconds: event.timeMicroseconds, emit)
        let marks = held.marks(for: event)
        // Without a positive answer nobody knows that this is no password's field.
        var rule = field.limit == .open ? held.keys : min(held.keys, .class)
        if field.isTerminal { rule = min(rule, echo.limit(at: event.timeMicroseconds) ?? .off) }
        switch (rule, key.press) {
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
        _ event: consuming Event, _ held: FocusTimeline.Attribution, _ field: FieldTimeline.Held, isConfirmed: Bool,
        _ emit: (consuming Event) -> Void
    ) {
        if field.limit <= .privateWindow {
            return account(event, reason: field.limit == .password ? .password : .privateWindow, emit)
        }
        if held.isHidden { return account(event, reason: held.hiddenReason, emit) }
        if held.state == .window, held.pointer == .off { return account(event, reason: .rule, emit) }
        if let reason = ledger.openReason, reason.hidesPointers {
            closeSpan(atMicroseconds: event.timeMicroseconds, emit)
        }
        if isConfirmed, held.state != .unknown {
            event.focus = held.focus
            event.marks = held.marks(for: event)
        }
        counters.permitted += 1
        emit(event)
    }

    /// Why a key may not be written in any form; nil if some form of it may.
    ///
    /// A password's field comes first: whatever else keeps the key from being written, its reason has no count.
    private func suppression(
        _ time: UInt64, _ held: FocusTimeline.Attribution, _ field: FieldTimeline.Held, isConfirmed: Bool
    ) -> SuppressionReason? {
        if field.limit == .password { return .password }
        switch held.state {
        case .unknown: return .focusUnknown
        case .none: return .noWindow
        case .window: break
        }
        if held.keys == .off { return isConfirmed || held.hiddenReason.mayBeSecret ? held.hiddenReason : .unconfirmed }
        guard isConfirmed else { return .unconfirmed }
        switch field.limit {
        case .password: return .password
        case .privateWindow: return .privateWindow
        case .unanswered: return .accessibility
        case .counted, .open: return field.isTerminal && echo.limit(at: time) == nil ? .terminal : nil
        }
    }

    @inline(never) private func account(_ event: Event, reason: SuppressionReason, _ emit: (consuming Event) -> Void) {
        // The release of a suppressed press neither opens a span nor counts.
        if case .key(let key) = event.payload, key.press == .released { return }
        if !event.payload.isInput { return emit(event) }
        counters.suppressed += 1
        if ledger.openReason != reason { closeSpan(atMicroseconds: event.timeMicroseconds, emit) }
        // From the field's getting the keyboard to its losing it: the keys in it do not tell where it begins.
        let since = reason == .password ? fields.span(at: event.timeMicroseconds).startMicroseconds : nil
        ledger.suppress(event, reason: reason, since: since, emit)
    }

    /// Other reasons have counts, and the keys may be a password's.
    private func unlessPassword(_ reason: SuppressionReason, at time: UInt64) -> SuppressionReason {
        fields.held(at: time).limit == .password ? .password : reason
    }

    /// - Parameter time: of what shows that the span is over.
    private func closeSpan(atMicroseconds time: UInt64, _ emit: (consuming Event) -> Void) {
        guard let last = ledger.lastMicroseconds else { return }
        let end = ledger.openReason == .password ? fields.span(at: last).endMicroseconds ?? time : nil
        ledger.close(until: end.map { min($0, time) }, emit)
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
        // Who has the focus changes nothing while the gate as a whole is closed, nor does a title while a password's
        // field has the keyboard.
        if isOpen, !isPasswordsOwn(entry) { closeSpan(atMicroseconds: entry.timeMicroseconds, emit) }
        emit(Event(timeMicroseconds: entry.timeMicroseconds, focus: description.id, payload: .focus(description)))
        timeline.firstWasWritten()
        return true
    }

    /// A record of the focus that changes nothing about the password's field in which the open span is.
    private func isPasswordsOwn(_ entry: FocusTimeline.Entry) -> Bool {
        ledger.openReason == .password && fields.held(at: entry.timeMicroseconds).limit == .password
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
        while !holdBack.isEmpty {
            let event = holdBack.removeFirst()
            account(event, reason: unlessPassword(reason, at: event.timeMicroseconds), emit)
        }
        probes.clear()
    }
}

extension SuppressionReason {
    /// While it lasts no pointer is written either: one that is written ends the span.
    fileprivate var hidesPointers: Bool {
        switch self {
        case .rule, .password, .denied, .privateWindow: true
        case .focusUnknown, .unconfirmed, .noWindow, .stopping, .terminal, .accessibility: false
        // Ended by opening alone.
        case .inactive, .sessionUnknown, .locked, .suspended, .noConsent, .paused, .noIndicator: false
        }
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
