import Events

/// What of one event may be written.
extension Gate {
    /// Lets pointer events through for as long as one decision is that of all of them. Nearly always what waits is a mouse's
    /// motion that is confirmed, later than every change of focus and field, in a window of which pointers are kept.
    ///
    /// `decide` would say the same of each, at twice the cost (`make guard`); PointerRunTests holds the two against each other.
    @inline(__always) func passPointers(_ emit: (consuming Event) -> Void) {
        let watermark = timeline.watermarkMicroseconds
        guard !holdBack.isEmpty, holdBack.firstTimeMicroseconds < watermark, let run = undisputedPointers else {
            return
        }
        while !holdBack.isEmpty, holdBack.firstIsPointer(since: run.sinceMicroseconds, before: watermark) {
            counters.permitted &+= 1
            emit(holdBack.removeFirst(attributedTo: run.focus))
        }
    }

    /// What pointer events belong to, from that time on; nil: each needs a decision of its own.
    private var undisputedPointers: (focus: FocusID, sinceMicroseconds: UInt64)? {
        guard isOpen, isAgentPresent, !hasStateToWrite, !(ledger.openReason?.hidesPointers ?? false),
            let entry = timeline.currentEntry, entry.state != .unknown, let field = fields.newest,
            field.held.limit > .privateWindow
        else { return nil }
        if entry.state == .window, entry.keys == .off || entry.pointer == .off { return nil }
        return (entry.focus, max(entry.timeMicroseconds, field.sinceMicroseconds))
    }

    @inline(__always) func decide(_ event: consuming Event, _ emit: (consuming Event) -> Void) {
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
    @inline(never) func passAccount(_ event: consuming Event, _ emit: (consuming Event) -> Void) {
        switch event.payload {
        case .deviceRemoved: keyboard.deviceRemoved(event.device)
        case .loss(let loss) where loss.reason == .holdBackFull: keyboard.loseTrack()
        default: break
        }
        emit(event)
    }

    @inline(never) func decideKey(
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
                let countMarks = marks.subtracting(.causedFocusChange)
                if field.limit == .late {
                    return countLate(keyClass, event, focus: held.focus, marks: countMarks, emit)
                }
                if buckets.isFull { buckets.take(emit) }
                buckets.count(
                    keyClass, timeMicroseconds: event.timeMicroseconds, focus: held.focus, marks: countMarks)
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

    @inline(__always) func decideOther(
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
    func suppression(
        _ time: UInt64, _ held: FocusTimeline.Attribution, _ field: FieldTimeline.Held, isConfirmed: Bool
    ) -> SuppressionReason? {
        if field.limit == .password { return .password }
        switch held.state {
        case .unknown: return .focusUnknown
        case .none: return .noWindow
        case .window: break
        }
        if held.keys == .off { return isConfirmed || held.hiddenReason.mayBeSecret ? held.hiddenReason : .unconfirmed }
        // What a busy app has not told yet may be a password's field, of which the span of this reason would have the count.
        guard isConfirmed else { return field.limit == .late ? .accessibility : .unconfirmed }
        switch field.limit {
        case .password: return .password
        case .privateWindow: return .privateWindow
        case .unanswered: return .accessibility
        case .late, .counted, .open: return field.isTerminal && echo.limit(at: time) == nil ? .terminal : nil
        }
    }

    @inline(never) func account(_ event: Event, reason: SuppressionReason, _ emit: (consuming Event) -> Void) {
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
    func unlessPassword(_ reason: SuppressionReason, at time: UInt64) -> SuppressionReason {
        fields.held(at: time).limit == .password ? .password : reason
    }

    /// - Parameter time: of what shows that the span is over.
    func closeSpan(atMicroseconds time: UInt64, _ emit: (consuming Event) -> Void) {
        guard let last = ledger.lastMicroseconds else { return }
        let end = ledger.openReason == .password ? fields.span(at: last).endMicroseconds ?? time : nil
        ledger.close(until: end.map { min($0, time) }, emit)
    }
}

extension SuppressionReason {
    /// While it lasts no pointer is written either: one that is written ends the span.
    var hidesPointers: Bool {
        switch self {
        case .rule, .password, .denied, .privateWindow: true
        case .focusUnknown, .unconfirmed, .noWindow, .stopping, .terminal, .accessibility: false
        // Ended by opening alone.
        case .inactive, .sessionUnknown, .locked, .suspended, .noConsent, .paused, .noIndicator: false
        }
    }
}
