import AgentProtocol
import CLinuxShim
import Events

/// Tells which widgets the focus and clicks meet, in the window of whose widgets the service wants to know. Behind what
/// `FieldWatch` says and asks, since keys wait for that; nothing waits for this.
///
/// On Wayland nobody but the app knows where a click went. So a click's widget is the one of which the app says within a moment
/// that it was used (`WidgetUse`), else the one that got the focus; and where the app says neither, there is no answer.
final class WidgetWatch {
    /// From the question. With what went before it an answer is at the service 0.6 s after what it is about at the latest;
    /// there it would be too late after 0.9 s.
    static let patienceMicroseconds: UInt64 = 300_000
    /// For so long after a press the app may say what became of it. A box is checked when the button is let go, a tenth of a
    /// second later.
    static let reactionMicroseconds: UInt64 = 250_000
    /// So long before it is asked of a click it may have heard of it from the compositor, and have said so.
    static let headStartMicroseconds: UInt64 = 30_000

    /// A widget that has, or had, the keyboard.
    struct Focus {
        var window: UInt64
        /// Since when the window has the keyboard.
        var windowMicroseconds: UInt64
        /// Since when the widget has it, as its app said; not before the window had it.
        var sinceMicroseconds: UInt64
        /// Nil: it is a password's field, of which nothing is told.
        var object: AccessibleObject?

        /// GTK 4 says twice of some widgets that they got the focus: that is one focus, unless the window had lost it.
        func isSame(as other: Focus?) -> Bool {
            window == other?.window && windowMicroseconds == other?.windowMicroseconds && object == other?.object
        }
    }

    private struct Click {
        var number: UInt64
        var askedMicroseconds: UInt64
    }

    private let accessibility: Accessibility
    /// The process whose window has the keyboard; 0: not known.
    private let process: () -> Int32
    private let send: (AgentMessage) -> Void
    /// 0: of none.
    private var wantedWindow: UInt64 = 0
    private var current: Focus?
    /// As it was told last, or is being asked for.
    private var known: Focus?
    private var isAsking = false
    /// Of which nothing has been heard yet, oldest first.
    private var clicks: [Click] = []
    private var lastUse: (object: AccessibleObject, atMicroseconds: UInt64)?

    init(
        accessibility: Accessibility, process: @escaping () -> Int32, send: @escaping (AgentMessage) -> Void
    ) {
        self.accessibility = accessibility
        self.process = process
        self.send = send
    }

    /// The service knows, and wants, nothing any more.
    func serviceCame() {
        want(0)
        known = nil
        clicks.removeAll()
    }

    func want(_ window: UInt64) {
        wantedWindow = window
        accessibility.followUse(window == 0 ? nil : { [weak self] in self?.used($0) })
        ask()
    }

    // MARK: focus

    /// What has the keyboard now; nil: nobody says.
    func focused(_ focus: Focus?) {
        current = focus
        ask()
    }

    /// One question at a time: of a focus that does not stay for as long as an answer takes, nothing is told.
    private func ask() {
        guard !isAsking, let focus = current, let object = focus.object, focus.window == wantedWindow,
            !focus.isSame(as: known)
        else { return }
        known = focus
        isAsking = true
        accessibility.describe(object, within: Self.patienceMicroseconds) { [weak self] answer in
            guard let self else { return }
            isAsking = false
            tell(focus, answer)
            ask()
        }
    }

    private func tell(_ focus: Focus, _ answer: ClickAnswer) {
        let widget: Widget?
        switch answer {
        case .widget(let met): widget = met
        case .nothing: widget = nil
        case .password: return
        }
        // It may not be wanted any more.
        guard focus.window == wantedWindow else { return }
        send(
            .focusMet(
                FocusMet(timeMicroseconds: focus.sinceMicroseconds, window: focus.window, widget: widget)))
    }

    // MARK: clicks

    /// A button was pressed.
    func clicked(_ number: UInt64) {
        guard wantedWindow != 0 else { return answer(number, .nothing) }
        let now = kymo_monotonic_microseconds()
        clicks.append(Click(number: number, askedMicroseconds: now))
        if let use = lastUse, use.atMicroseconds + Self.headStartMicroseconds >= now { used(use.object) }
    }

    /// An app says that this was used: the first word of it is about the first click that waits.
    private func used(_ object: AccessibleObject) {
        guard accessibility.isOf(object, process: process()) else { return }
        guard let click = clicks.first else {
            lastUse = (object, kymo_monotonic_microseconds())
            return
        }
        lastUse = nil
        clicks.removeFirst()
        describe(object, for: click.number)
    }

    private func describe(_ object: AccessibleObject, for number: UInt64) {
        accessibility.describe(object, within: Self.patienceMicroseconds) { [weak self] in self?.answer(number, $0) }
    }

    private func answer(_ number: UInt64, _ answer: ClickAnswer) {
        send(.clickMet(ClickMet(number: number, answer: answer)))
    }

    /// CLOCK_MONOTONIC, µs: when a click has waited long enough for its app to say that something was used.
    var deadlineMicroseconds: UInt64? { clicks.first.map { $0.askedMicroseconds + Self.reactionMicroseconds } }

    func actIfDue() {
        let now = kymo_monotonic_microseconds()
        while let click = clicks.first, now >= click.askedMicroseconds + Self.reactionMicroseconds {
            clicks.removeFirst()
            guard let focus = current, focus.window == wantedWindow,
                focus.sinceMicroseconds + Self.headStartMicroseconds >= click.askedMicroseconds
            else {
                answer(click.number, .nothing)
                continue
            }
            guard let object = focus.object else {
                answer(click.number, .password)
                continue
            }
            // An app of several processes may so far have said that its page has got the focus, and not what in it.
            accessibility.describe(object, within: Self.patienceMicroseconds) { [weak self] in
                self?.answer(click.number, $0.isOfWhatHoldsOthers ? .nothing : $0)
            }
        }
    }
}

extension ClickAnswer {
    fileprivate var isOfWhatHoldsOthers: Bool {
        if case .widget(let widget) = self { Role.tellsNothing.contains(UInt32(widget.role)) } else { false }
    }
}
