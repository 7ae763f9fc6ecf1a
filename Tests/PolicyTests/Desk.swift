import Events

@testable import Policy

/// A gate with somebody at the keyboard: tests say what happens at which millisecond, and read what was written.
final class Desk {
    let gate: Gate
    private(set) var written: [Event] = []
    private var now: UInt64 = 1_000_000
    private var apps: [FocusID: String] = [:]
    static let start: UInt64 = 1_000_000
    /// What nobody disputes is let through in runs, as it is in the recorder.
    var decidesInRuns = true

    init(
        _ rules: [String: KeyRule] = ["full": .full, "off": .off], capacity: Int = 1024, hasLayout: Bool = true,
        titleHash: @escaping (String) -> String? = { _ in nil }, policy: RuleSet? = nil
    ) throws {
        gate = try Gate(rules: policy ?? RuleSet.of(rules), titleHash: titleHash, capacity: capacity)
        gate.setOpen(true, nowMicroseconds: now) { _ in }
        gate.agentConnected(nowMicroseconds: now)
        if hasLayout { layout(LayoutTable.usual) }
    }

    private func time(_ milliseconds: Double) -> UInt64 { Self.start + UInt64(milliseconds * 1000) }

    func press(_ code: UInt16, at ms: Double, device: DeviceID = 1) { key(code, .pressed, at: ms, device: device) }
    func release(_ code: UInt16, at ms: Double, device: DeviceID = 1) { key(code, .released, at: ms, device: device) }
    func key(_ code: UInt16, _ press: Press, at ms: Double, device: DeviceID = 1) {
        gate.hold(Event(timeMicroseconds: time(ms), device: device, payload: .key(Key(code: code, press: press))))
    }
    func move(at ms: Double) {
        gate.hold(
            Event(
                timeMicroseconds: time(ms), device: 2,
                payload: .motion(Motion(dx: Fixed8(raw: 256), dy: Fixed8(raw: 0)))))
    }
    func click(at ms: Double) {
        gate.hold(
            Event(timeMicroseconds: time(ms), device: 2, payload: .button(Button(code: 0x110, press: .pressed))))
    }

    /// The agent hears at `ms` that this app has the focus; nil: no window; "?": nobody knows. Then it says which field
    /// has the keyboard, unless `field` is nil.
    func focus(
        _ app: String?, at ms: Double, title: String = "", window: UInt64 = 7, pid: Int32 = 0,
        field access: FieldAccess? = .other, isTerminal: Bool = false
    ) {
        let state: FocusState = app == nil ? .none : (app == "?" ? .unknown : .window)
        gate.focusChanged(
            FocusDescription(
                id: 0, state: state, appID: state == .window ? app ?? "" : "", title: title,
                titleForm: title.isEmpty ? .off : .full, processID: pid, window: state == .window ? window : 0),
            receivedMicroseconds: time(ms))
        if let access, state == .window {
            field(FieldDescription(access: access, isTerminal: isTerminal), at: ms, window: window)
        }
    }

    /// The agent's word since then on the field that has the keyboard, and its looks at terminals (ms, what they showed).
    func field(_ field: FieldDescription, at ms: Double, window: UInt64 = 7, looks: [(Double, EchoState)] = []) {
        gate.fieldChanged(
            field, window: window, samples: looks.map { EchoSample(timeMicroseconds: time($0), state: $1) },
            sinceMicroseconds: time(ms), receivedMicroseconds: time(ms))
    }
    func field(_ access: FieldAccess, at ms: Double, window: UInt64 = 7) {
        field(FieldDescription(access: access), at: ms, window: window)
    }

    /// The agent's word at `at` that the focus has met that widget; nil: no answer.
    func met(_ widget: Widget?, at ms: Double, window: UInt64 = 7) {
        gate.focusMet(widget, window: window, atMicroseconds: time(ms))
    }

    /// A press, and what the agent says of it; nil: the agent is not asked. False: the answer is none that counts.
    func click(at ms: Double, meets answer: ClickAnswer) -> Bool? {
        let number = gate.clicked(atMicroseconds: time(ms))
        click(at: ms)
        return number.map { gate.clickMet(answer, number: $0) }
    }

    /// A press, and where the pointer is at `looked` by the agent's word; nil: nobody asks. False: it was not asked of that.
    @discardableResult func click(
        at ms: Double, isAt place: (Double, Double), of frame: PointerFrame = .desktop, looked: Double
    )
        -> Bool?
    {
        let number = gate.pressed(atMicroseconds: time(ms))
        click(at: ms)
        return number.map {
            gate.pointerPlaced((frame, Fixed8(place.0), Fixed8(place.1)), atMicroseconds: time(looked), number: $0)
        }
    }

    /// The agent's word on where the window that has the keyboard is.
    func placed(_ x: Int32, _ y: Int32, at ms: Double, window: UInt64 = 7) {
        gate.windowPlaced(
            WindowPlace(x: x, y: y, width: 30, height: 40), window: window, sinceMicroseconds: time(ms))
    }

    func layout(_ table: LayoutTable?, at ms: Double = -1) {
        gate.layoutChanged(
            LayoutDescription(isKnown: table != nil), table: table, receivedMicroseconds: time(max(ms, 0)) - 1)
    }

    /// A whole probe: asked for and answered between those times, fields and terminals `checked` later. Meanwhile
    /// happens what `body` does. False if the gate asks nothing.
    @discardableResult func confirm(
        at ms: Double, answered: Double? = nil, checked: Double? = nil, while body: () -> Void = {}
    ) -> Bool {
        guard let probe = gate.probeDue(nowMicroseconds: time(ms)) else { return false }
        body()
        let answered = answered ?? ms + 0.2
        return gate.watermark(
            probe: probe, sentMicroseconds: time(ms), answeredMicroseconds: time(answered),
            checkedMicroseconds: time(checked ?? answered), nowMicroseconds: time(checked ?? answered))
    }

    func advance(to ms: Double) {
        gate.advance(nowMicroseconds: time(ms), inRuns: decidesInRuns) { self.take($0.event) }
    }

    func close(at ms: Double, reason: SuppressionReason = .inactive) {
        gate.setOpen(false, reason: reason, nowMicroseconds: time(ms)) { self.take($0.event) }
    }

    func open(at ms: Double) { gate.setOpen(true, nowMicroseconds: time(ms)) { self.take($0.event) } }

    func discardWaiting(at ms: Double) {
        gate.discardWaiting(nowMicroseconds: time(ms)) { self.take($0.event) }
    }

    func restateFocus(at ms: Double) { gate.restateFocus(nowMicroseconds: time(ms)) }

    func stop(at ms: Double) { gate.stop(nowMicroseconds: time(ms)) { self.take($0.event) } }

    private func take(_ event: Event) {
        written.append(event)
        if case .focus(let focus) = event.payload {
            apps[focus.id] = focus.state == .window ? (focus.appID.isEmpty ? "-" : focus.appID) : "\(focus.state)"
        }
    }

    /// Beginning and end of the spans of that reason, in ms of the desk.
    func spans(_ reason: SuppressionReason) -> [(Double, Double)] {
        written.compactMap { event in
            guard case .suppression(let span) = event.payload, span.phase == .end, span.reason == reason else {
                return nil
            }
            func milliseconds(_ time: UInt64) -> Double { Double(Int64(time) - Int64(Self.start)) / 1000 }
            return (milliseconds(span.startMicroseconds), milliseconds(span.endMicroseconds))
        }
    }

    var focusRecords: [(timeMicroseconds: UInt64, focus: FocusDescription)] {
        written.compactMap { event in
            if case .focus(let focus) = event.payload { (event.timeMicroseconds, focus) } else { nil }
        }
    }

    var spans: [Suppression] {
        written.compactMap { if case .suppression(let span) = $0.payload { span } else { nil } }
    }

    /// What was written, a word or two each, without focus and layout records.
    var lines: [String] {
        written.compactMap { event in
            let app = event.focus == 0 ? "" : " " + (apps[event.focus] ?? "focus\(event.focus)")
            let marks =
                (event.marks.contains(.uncertain) ? " ~" : "") + (event.marks.contains(.causedFocusChange) ? "!" : "")
            switch event.payload {
            case .key(let key): return "\(key.press == .pressed ? "press" : "release") \(key.code)\(app)\(marks)"
            case .keyCounts(let counts):
                let parts = KeyClass.allCases.filter { counts[$0] > 0 }.map { "\($0) \(counts[$0])" }
                return "counts \(parts.joined(separator: " "))\(app)\(marks)"
            case .motion: return "move\(app)\(marks)"
            case .button: return "click\(app)\(marks)"
            case .suppression(let span):
                return span.phase == .begin ? "(\(span.reason)" : "\(span.reason) \(span.keys)+\(span.others))"
            case .interaction(let met):
                let widget = met.widget.map { "\($0.role) \($0.name.isEmpty ? "-" : $0.name) \($0.nameForm)" }
                return "\(met.cause) met \(widget ?? "?")\(app)\(marks)"
            case .windowPlace(let place): return "window at \(place.x),\(place.y)\(app)"
            case .pointerPlace(let place):
                return
                    "at \(place.x.value),\(place.y.value) of \(place.frame) +\(place.delayMicroseconds)\(app)\(marks)"
            case .loss(let loss): return "lost \(loss.count.map { "\($0)" } ?? "?") \(loss.reason)"
            default: return nil
            }
        }
    }
}

extension RuleSet {
    static func of(_ rules: [String: KeyRule], caps: [AppRule] = []) -> RuleSet {
        RuleSet(rules.map { AppRule(app: AppGlob($0)!, keys: $1, titles: .off) }, caps: caps)
    }
}

extension LayoutTable {
    /// Enough of a US keyboard for the gate: letters, digits, space, Enter, modifiers.
    static let usual: LayoutTable = {
        var classes = [KeyClass](repeating: .other, count: codeCount * levelCount)
        var roles = [ModifierRole](repeating: .none, count: codeCount)
        func set(_ codes: ClosedRange<Int>, _ keyClass: KeyClass) {
            for index in codes.lowerBound * levelCount..<(codes.upperBound + 1) * levelCount {
                classes[index] = keyClass
            }
        }
        set(2...11, .digit)
        set(16...25, .letter)
        set(30...38, .letter)
        set(44...50, .letter)
        set(57...57, .space)
        set(28...28, .enter)
        set(14...14, .editing)
        set(105...106, .navigation)
        for digit in 2...11 { classes[digit * levelCount + 1] = .punctuation }
        roles[42] = .shift
        roles[29] = .control
        roles[56] = .alt
        roles[125] = .super
        roles[100] = .level3
        return LayoutTable(classes: classes, roles: roles)!
    }()
}
