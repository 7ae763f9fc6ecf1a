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

    var rules: RuleSet
    let titleHash: (String) -> String?
    let holdBack: HoldBack
    @exclusivity(unchecked) var timeline = FocusTimeline()
    @exclusivity(unchecked) var fields = FieldTimeline()
    @exclusivity(unchecked) var echo = EchoTrace()
    /// As the agent told it: looked at again when the rules change.
    var lastReport: FocusDescription?
    /// Windows that were a browser's private ones once: a page may change its title, and a window stays what it is.
    var privateWindows: Set<UInt64> = []
    @exclusivity(unchecked) var keyboard = Keyboard()
    @exclusivity(unchecked) var layouts = LayoutHistory()
    var layoutDescription: LayoutDescription?
    var outputs = OutputTable()
    @exclusivity(unchecked) var buckets = KeyBuckets()
    let lateCounts: LateCounts
    @exclusivity(unchecked) var owedMoves = OwedMoves()
    @exclusivity(unchecked) var ledger = Ledger()
    @exclusivity(unchecked) var probes = Probes()
    @exclusivity(unchecked) var overflow: Overflow?
    @exclusivity(unchecked) var interactions = Interactions()
    var windowPlaces = WindowPlaces()
    var nextFocus: FocusID = 1
    @exclusivity(unchecked) var isAgentPresent = false
    /// Layout records and the like, to be written when their time comes.
    @exclusivity(unchecked) var pendingAccounts: [Event] = []

    @exclusivity(unchecked) public private(set) var isOpen = false
    @exclusivity(unchecked) public internal(set) var counters = Counters()

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
        lateCounts = try LateCounts()
    }

    // MARK: what comes in

    /// An event from a device, in the order of arrival.
    public func hold(_ event: consuming Event) {
        guard !holdBack.isFull, overflow == nil else { return holdAfterOverflow(event) }
        if event.payload.isInput {
            probes.await(event.timeMicroseconds, isPress: event.payload.isPress)
            if fields.isLate { noteMove(event) }
        }
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

    /// Opens or closes the gate as a whole. Closing discards all that waits, and begins a span of that reason, which
    /// lasts until it is opened, or closed for another reason. Counts of presses that were let through before are
    /// written; those that wait for their app's word on its field are not.
    public func setOpen(
        _ open: Bool, reason: SuppressionReason = .inactive, nowMicroseconds now: UInt64,
        _ body: (consuming PermittedEvent) -> Void
    ) {
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        let start = holdBack.isEmpty ? now : min(now, holdBack.firstTimeMicroseconds)
        if isOpen, !open {
            discardAll(emit)
            discardLateCounts(nowMicroseconds: now, emit)
            closeSpan(atMicroseconds: now, emit)
        }
        interactions.discard(beforeMicroseconds: now)
        dropWindowPlaces()
        isOpen = open
        guard !open else { return ledger.end(atMicroseconds: now, emit) }
        ledger.begin(reason, atMicroseconds: start, emit)
        keyboard.reset()
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

    // MARK: deciding

    /// Decides whatever can be decided by now, in order.
    public func advance(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        advance(nowMicroseconds: now, inRuns: true, body)
    }

    /// - Parameter inRuns: false decides each event by itself, for the tests: what comes out is the same.
    @inline(__always) func advance(
        nowMicroseconds now: UInt64, inRuns: Bool, _ body: (consuming PermittedEvent) -> Void
    ) {
        // At every turn of the loop, and mostly what waits is still to be confirmed.
        guard holdBack.isEmpty || isDecidable(nowMicroseconds: now) || !lateCounts.isEmpty || !interactions.isEmpty
        else { return }
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        while true {
            if inRuns { passPointers(emit) }
            guard !holdBack.isEmpty, isDecidable(nowMicroseconds: now) else { break }
            let event = holdBack.removeFirst()
            writeState(upTo: event.timeMicroseconds, emit)
            decide(event, emit)
        }
        if !interactions.isEmpty { decideInteractions(nowMicroseconds: now, emit) }
        if holdBack.isEmpty {
            if interactions.isEmpty { probes.clear() }
            writeState(upTo: now, emit)
            if overflow != nil { flushOverflow(emit) }
        }
        if !lateCounts.isEmpty { settleLateCounts(nowMicroseconds: now, emit) }
        let horizon = holdBack.isEmpty ? now : holdBack.firstTimeMicroseconds
        timeline.forget(before: horizon > 1_000_000 ? horizon - 1_000_000 : 0)
        fields.forget(before: min(ledger.lastMicroseconds ?? .max, horizon > 1_000_000 ? horizon - 1_000_000 : 0))
    }

    /// The recorder stops: what still waits is not written, and accounted for.
    public func stop(nowMicroseconds now: UInt64, _ body: (consuming PermittedEvent) -> Void) {
        advance(nowMicroseconds: now, body)
        func emit(_ event: consuming Event) { body(PermittedEvent(permitted: event)) }
        interactions.discard(beforeMicroseconds: now)
        drain(reason: .stopping, emit)
        discardLateCounts(nowMicroseconds: now, emit)
        writeState(upTo: .max, emit)
        flushOverflow(emit)
        if isOpen { closeSpan(atMicroseconds: now, emit) } else { ledger.end(atMicroseconds: now, emit) }
    }

    private func isDecidable(nowMicroseconds now: UInt64) -> Bool {
        let time = holdBack.firstTimeMicroseconds
        if !isOpen || !isAgentPresent || time < timeline.watermarkMicroseconds {
            return true
        }
        return now >= time + Self.deadlineMicroseconds || !holdBack.firstIsInput
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
