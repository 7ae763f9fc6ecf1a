import AgentProtocol
import CLinuxShim
import EventLoop
import Events

/// Says which kind of field has the keyboard, and answers for it behind the compositor: what the compositor has
/// confirmed goes on to the service once accessibility and terminals have been looked at too.
public final class FieldWatch {
    /// An app hears of a key after the compositor has handed it on, moves its focus, and says so on another way. This long
    /// behind the probe it is asked. That is for the key to reach the app, and not for the app to act upon it: an app of one
    /// loop that is busy answers as late as it acts, and is asked for one key at a time, so that the question for the key
    /// behind Tab is put to an app that has met Tab.
    static let settlingMicroseconds: UInt64 = 25_000
    /// The same where the key goes on to another process, and nothing orders what the app says behind it. Measured on two
    /// cores with some ten processes that wanted them (Tests/Compositors/test_reports.py), from the key to the report, 40
    /// keys each: GTK 3 half within 24 ms, the last after 79; GTK 4 7 and 46; Qt 3 and 19 (in a worse run 302 and 207, and
    /// their answers as late); Chromium 13 and 49; Firefox 13, a tenth after more than 120, the last after 672. So no time that the gate's deadline (300 ms) leaves is enough to
    /// believe such an app's "no password's": it gets counts at most (`Toolkit.relayed`), which the gate keeps back for
    /// seconds (`late`). This wait is so that the keys are known to be a password's at once, where the app is quick enough.
    static let relayedSettlingMicroseconds: UInt64 = 150_000
    /// From the probe: an app that has not answered by then is one that does not answer. The gate waits 300 ms for all.
    static let patienceMicroseconds: UInt64 = 200_000
    static let relayedPatienceMicroseconds: UInt64 = 250_000
    /// Between two looks at terminals while keys flow; the gate wants them at most 20 ms apart.
    static let lookMicroseconds: UInt64 = 12_000
    /// For so long after a key or a click the looks go on. The first key after that is not vouched for.
    static let flowMicroseconds: UInt64 = 10_000_000

    private struct Window {
        var number: UInt64
        var process: Int32
        var appID: String
        var sinceMicroseconds: UInt64
        /// What was last reported of it; nil: nothing yet.
        var reported: FieldDescription?
        var reportedMicroseconds: UInt64 = 0
        /// Since when what was last reported holds.
        var fieldMicroseconds: UInt64 = 0
        /// When something in it last said that its focus moved.
        var movedMicroseconds: UInt64
    }

    /// A window whose process is not told by then has none that could be told.
    private static let processMicroseconds: UInt64 = 100_000

    private let send: (AgentMessage) -> Void
    private let terminals: Terminals
    private let list: TerminalList
    /// Whether the compositor's side tells which process a window is of; it may take a moment longer than the window.
    private let tellsProcesses: () -> Bool
    /// To be told of the session's bus.
    public private(set) var accessibility: Accessibility!
    /// Which widgets the focus meets, where somebody wants to know.
    private var widgets: WidgetWatch!
    private var window: Window?
    private var leftWindows = LeftWindows()
    /// What the compositor's side knows of the text that the focused field takes.
    private var purpose = ContentPurpose.untold
    /// What the compositor has confirmed and the fields have not, oldest first.
    private var marks: [Watermark] = []
    private var isAsking = false
    /// Not before then, while marks wait.
    private var askAgainAt: UInt64 = 0
    private var samples: [EchoSample] = []
    private var flowEnds: UInt64 = 0
    private var nextLook: UInt64 = 0
    /// The terminal widget has the focus in an app that no list names.
    private var isTerminalWidget = false

    public init(
        loop: EventLoop, list: TerminalList, tellsProcesses: @escaping () -> Bool,
        accessibilityChanged: @escaping (Accessibility.Phase) -> Void, send: @escaping (AgentMessage) -> Void
    ) {
        self.send = send
        self.list = list
        self.tellsProcesses = tellsProcesses
        terminals = Terminals(list: list)
        accessibility = Accessibility(
            loop: loop,
            changed: { [unowned self] in
                accessibilityChanged(accessibility.phase)
                ask()
            },
            focusMoved: { [unowned self] in moved(in: $0) },
            suspected: { [unowned self] in tell($0) })
        widgets = WidgetWatch(
            accessibility: accessibility, process: { [unowned self] in window?.process ?? 0 }, send: send)
    }

    // MARK: windows

    /// After the report of the focus has been sent.
    public func focusChanged(_ report: FocusReport) {
        guard report.state == .window else {
            leave()
            widgets.focused(nil)
            return
        }
        if window?.number == report.window, window?.appID == report.appID {
            let isNews = window?.process != report.processID
            window?.process = report.processID
            if isNews { ask() }
            return
        }
        leave()
        window = Window(
            number: report.window, process: report.processID, appID: report.appID,
            sinceMicroseconds: report.timeMicroseconds, movedMicroseconds: report.timeMicroseconds)
        nextLook = 0
        ask()
    }

    private func leave() {
        if let window { leftWindows.add(window.number, process: window.process) }
        window = nil
        isTerminalWidget = false
    }

    /// The service knows nothing any more.
    public func serviceCame() {
        marks.removeAll()
        window = nil
        leftWindows.forget()
        samples.removeAll()
        widgets.serviceCame()
    }

    /// Of whose widgets the service wants to be told; 0: of none.
    public func wantsWidgets(of window: UInt64) { widgets.want(window) }

    /// A button was pressed: the service asks by that number which widget it met.
    public func clicked(_ number: UInt64) { widgets.clicked(number) }

    /// What the compositor's side says of the text that is taken. Of a window that gets the keyboard with it, before that.
    public func purposeChanged(_ purpose: ContentPurpose) {
        guard purpose != self.purpose else { return }
        self.purpose = purpose
        guard var current = window, var field = current.reported else { return }
        let now = kymo_monotonic_microseconds()
        field.purpose = purpose
        current.reported = field
        current.reportedMicroseconds = now
        current.fieldMicroseconds = now
        window = current
        tell(current, field, since: now)
        // Accessibility may have been quicker: of the widget nothing, or too much, would be told.
        ask()
    }

    private func moved(in process: Int32) {
        guard let window, window.process == process || window.process == 0 else { return }
        self.window?.movedMicroseconds = kymo_monotonic_microseconds()
        ask()
    }

    /// As soon as it is known, and about every window that it may have been in: of what an app says late only this counts.
    private func tell(_ suspicion: Suspicion) {
        let now = kymo_monotonic_microseconds()
        let field = FieldDescription(access: .password)
        for number in leftWindows.suspected(by: suspicion) where number != window?.number {
            send(.field(FieldReport(timeMicroseconds: now, window: number, field: field)))
        }
        guard var current = window, suspicion.mayBeIn(current.process) else { return }
        let reported = FieldDescription(access: .password, purpose: purpose, isTerminal: isTerminal)
        current.reported = reported
        current.reportedMicroseconds = now
        window = current
        tell(current, reported, since: now)
        // By now something else may have the focus.
        ask()
    }

    private var isTerminal: Bool { window.map { list.isTerminal($0.appID) } ?? false || isTerminalWidget }

    // MARK: watermarks

    /// A key or a click is waiting: its probe is on its way to the compositor.
    public func probed() {
        guard isTerminal else { return }
        flowEnds = kymo_monotonic_microseconds() + Self.flowMicroseconds
        look()
    }

    /// The compositor has confirmed.
    public func confirmed(_ mark: Watermark) {
        marks.append(mark)
        finishIfPossible()
    }

    /// When the fields are to be asked, for the mark that waits.
    private func settled(_ mark: Watermark) -> UInt64 {
        guard let window, isTerminal || accessibility.mayKnow(window.process) else { return 0 }
        return mark.sentMicroseconds
            + (isRelayed ? Self.relayedSettlingMicroseconds : Self.settlingMicroseconds)
    }

    private var isRelayed: Bool { window.map { accessibility.isRelayed($0.process) } ?? false }

    private var patience: UInt64 { isRelayed ? Self.relayedPatienceMicroseconds : Self.patienceMicroseconds }

    private func finishIfPossible() {
        guard let mark = marks.first, !isAsking, processDeadline == nil,
            kymo_monotonic_microseconds() >= max(settled(mark), askAgainAt)
        else { return }
        ask(isLast: true)
    }

    // MARK: asking

    /// Asks what has the keyboard, reports it, and lets the mark go that waits for it.
    ///
    /// Between a field's losing the focus and the next one's getting it, and until a window has said what in it has the
    /// focus, there is no answer for a moment. That is news only when a mark can wait no longer (`isLast`).
    private func ask(isLast: Bool = false) {
        guard !isAsking else { return }
        guard let asked = window else { return release(askedMicroseconds: kymo_monotonic_microseconds()) }
        guard processDeadline == nil else { return }
        isAsking = true
        let now = kymo_monotonic_microseconds()
        let end = (marks.first?.sentMicroseconds ?? now) + patience
        accessibility.ask(asked.process, within: end > now ? end - now : 1, searches: isLast) { [weak self] answer in
            guard let self else { return }
            isAsking = false
            guard let current = window, current.number == asked.number, current.process == asked.process,
                current.movedMicroseconds == asked.movedMicroseconds
            else { return ask(isLast: isLast) }
            // Behind all that keys wait for.
            defer { tellWidgets(current, answer) }
            if answer.access == .failing, !isLast { return finishIfPossible() }
            if answer.access == .failing, let next = secondChance(current) {
                askAgainAt = next
                return
            }
            report(answer)
            release(askedMicroseconds: now)
            finishIfPossible()
        }
    }

    /// The window, or a field in it, has just lost or got the focus: it gets the time to say so that a key gets.
    private func secondChance(_ window: Window) -> UInt64? {
        let next = window.movedMicroseconds + Self.settlingMicroseconds
        let end = (marks.first?.sentMicroseconds ?? 0) + Self.patienceMicroseconds / 2
        return kymo_monotonic_microseconds() < min(next, end) ? next : nil
    }

    /// Until when the window's process is waited for; nil: it is known, or will not be told.
    private var processDeadline: UInt64? {
        guard let window, window.process == 0, tellsProcesses() else { return nil }
        let deadline = window.sinceMicroseconds + Self.processMicroseconds
        return kymo_monotonic_microseconds() < deadline ? deadline : nil
    }

    /// Lets those marks go whose time to ask had come when it was asked: all that may be known by then has been said.
    private func release(askedMicroseconds asked: UInt64) {
        let ready = marks.prefix { settled($0) <= asked }
        guard !ready.isEmpty else { return }
        marks.removeFirst(ready.count)
        if isTerminal { look() }
        if !samples.isEmpty, let window, let reported = window.reported {
            tell(window, reported, since: window.reportedMicroseconds)
        }
        let checked = kymo_monotonic_microseconds()
        for var mark in ready {
            mark.checkedMicroseconds = max(checked, mark.answeredMicroseconds)
            send(.watermark(mark))
        }
    }

    private func report(_ answer: Accessibility.Answer) {
        guard var current = window else { return }
        isTerminalWidget = answer.isTerminal
        let field = FieldDescription(access: answer.access, purpose: purpose, isTerminal: isTerminal)
        let hasMoved = current.movedMicroseconds > current.reportedMicroseconds
        // That it has told of a move is news of an app that is late, also where the next field is as the one before.
        guard current.reported != field || field.access == .late && hasMoved else { return }
        let now = kymo_monotonic_microseconds()
        // The first word on a window holds since it has the focus: nothing in it had been said before. A later one holds
        // since something moved; if nothing did, since it was asked for.
        let since =
            current.reported == nil ? current.sinceMicroseconds : hasMoved ? current.movedMicroseconds : now
        current.reported = field
        current.reportedMicroseconds = now
        current.fieldMicroseconds = since
        window = current
        tell(current, field, since: since)
    }

    private func tellWidgets(_ asked: Window, _ answer: Accessibility.Answer) {
        guard let window, window.number == asked.number else { return }
        let isPassword = answer.access == .password || purpose == .password
        guard isPassword || answer.object != nil else { return widgets.focused(nil) }
        widgets.focused(
            WidgetWatch.Focus(
                window: window.number, windowMicroseconds: window.sinceMicroseconds,
                // Before that nobody knew which kind of field it was, and the gate lets nothing through.
                sinceMicroseconds: max(asked.movedMicroseconds, window.fieldMicroseconds),
                object: isPassword ? nil : answer.object))
    }

    private func tell(_ window: Window, _ field: FieldDescription, since: UInt64) {
        send(
            .field(FieldReport(timeMicroseconds: since, window: window.number, field: field, samples: samples)))
        samples.removeAll(keepingCapacity: true)
    }

    // MARK: terminals

    private func look() {
        samples.append(terminals.look())
        if samples.count > FieldReport.sampleLimit { samples.removeFirst() }
        nextLook = kymo_monotonic_microseconds() + Self.lookMicroseconds
    }

    // MARK: the clock

    /// CLOCK_MONOTONIC, µs; nil: nothing is due.
    public var deadlineMicroseconds: UInt64? {
        var due: UInt64?
        if let mark = marks.first, !isAsking { due = max(settled(mark), processDeadline ?? 0, askAgainAt) }
        if isTerminal, kymo_monotonic_microseconds() < flowEnds { due = min(due ?? .max, nextLook) }
        if let click = widgets.deadlineMicroseconds { due = min(due ?? .max, click) }
        return due
    }

    public func actIfDue() {
        let now = kymo_monotonic_microseconds()
        if isTerminal, now < flowEnds, now >= nextLook { look() }
        finishIfPossible()
        widgets.actIfDue()
    }
}
