import Events

/// Where the window that has the keyboard is, as the agent tells it, so that each place is written once.
struct WindowPlaces {
    private(set) var told: (window: UInt64, place: WindowPlace)?
    private var written: (window: UInt64, place: WindowPlace)?

    mutating func tell(_ place: WindowPlace, of window: UInt64) { told = (window, place) }

    /// What is to be written while that window has the keyboard; nil: it was, or nobody has told it.
    mutating func takeNews(of window: UInt64) -> WindowPlace? {
        guard let told, told.window == window else { return nil }
        if let written, written == told { return nil }
        written = told
        return told.place
    }

    /// Another segment or session begins, in which nothing of it stands.
    mutating func forgetWritten() { written = nil }
}

/// Places of windows and pointers: what the compositor says of them, by way of the agent.
extension Gate {
    /// That window has the keyboard, and is there since then.
    public func windowPlaced(_ place: WindowPlace, window: UInt64, sinceMicroseconds: UInt64) {
        windowPlaces.tell(place, of: window)
        noteWindowPlace(atMicroseconds: sinceMicroseconds)
    }

    /// Written where the window's own record is: never of one of which nothing may be known.
    func noteWindowPlace(atMicroseconds time: UInt64) {
        guard isOpen, isAgentPresent, let entry = timeline.currentEntry, entry.state == .window, entry.keys != .off,
            let current = timeline.current, let place = windowPlaces.takeNews(of: current.window)
        else { return }
        // Behind the record of the focus that it belongs to.
        pendingAccounts.append(
            Event(
                timeMicroseconds: max(time, entry.timeMicroseconds + 1), focus: entry.focus,
                payload: .windowPlace(place)))
    }

    /// What waits was permitted by what does not hold any more. Where the window is stands behind the record of its focus, and is
    /// told anew where it may be.
    func dropWindowPlaces() {
        pendingAccounts.removeAll { $0.payload.isWindowPlace }
        windowPlaces.forgetWritten()
    }

    /// A button was pressed at that time.
    /// - Returns: the number by which the agent is to be asked where the pointer is; nil: it is nobody's business.
    ///
    /// Under the rule for interactions and not that for pointers: on a keyboard that is drawn on the screen, where the clicks
    /// were is what was typed.
    public func pressed(atMicroseconds time: UInt64) -> UInt64? {
        let window = interactionWindow
        guard window != 0, timeline.currentEntry?.pointer == .on else { return nil }
        return interactions.presses.ask(atMicroseconds: time, window: window).number
    }

    /// The agent's answer to such a question; nil: nobody could say.
    /// - Returns: false where it was asked of no such press.
    public func pointerPlaced(
        _ place: (frame: PointerFrame, x: Fixed8, y: Fixed8)?, atMicroseconds looked: UInt64, number: UInt64
    ) -> Bool {
        guard let press = interactions.presses.take(number) else { return false }
        guard let place else { return true }
        // What was looked at before it happened, or long after, is not where it happened.
        guard looked >= press.timeMicroseconds, looked - press.timeMicroseconds <= Self.deadlineMicroseconds else {
            counters.placesWithheld += 1
            return true
        }
        hold(
            Interactions.Waiting(
                .place(
                    PointerPlace(
                        frame: place.frame, delayMicroseconds: UInt32(looked - press.timeMicroseconds), x: place.x,
                        y: place.y)), window: press.window, timeMicroseconds: press.timeMicroseconds,
                knownMicroseconds: looked))
        return true
    }

    /// The press must be one that is written, and by the time of the look the pointer must not have come to where nothing may
    /// be known of it: a click may bring another window's turn.
    func isPermitted(
        _ place: PointerPlace, _ waiting: Interactions.Waiting, _ held: FocusTimeline.Attribution,
        _ emit: (consuming Event) -> Void
    ) -> Bool {
        let looked = waiting.knownMicroseconds
        // Counted from a window's corner it must be that one's still.
        let window = place.frame == .window ? waiting.window : nil
        guard timeline.interactionRule(at: waiting.timeMicroseconds, window: waiting.window)?.interactions == .on,
            timeline.interactionRule(at: looked, window: window)?.interactions == .on,
            timeline.attribution(at: looked).pointer == .on, fields.held(at: looked).limit > .privateWindow
        else { return false }
        return isPressPermitted(at: waiting.timeMicroseconds, held, emit)
    }
}

extension Payload {
    fileprivate var isWindowPlace: Bool {
        if case .windowPlace = self { true } else { false }
    }
}
