import AgentProtocol
import CLinuxShim
import Consent
import Devices
import Events
import Journal
import Logging
import Policy

/// Whether anything may be recorded, and what is done at each turn of that.
extension Recorder {
    /// What is on file of the person at the seat, and until when they have paused.
    func standing(of session: SeatSession) -> (consent: ConsentState, isPaused: Bool) {
        let standing = desk.standing(userID: session.userID, subject: session.subject)
        pause = standing.pause
        titles.key = standing.titleKey
        do {
            try ownRules.load(session.userID)
        } catch {
            return (.missing(OwnRules.unreadable(error)), standing.pause != nil)
        }
        setPauseEnd()
        return (standing.consent, standing.pause != nil)
    }

    func presenceChanged() {
        agent.reconsider(session: presence.permission.presentSession?.id)
        act(on: presence.verdict)
    }

    /// Closed, not filtered: while nothing may be recorded no device node is open.
    /// - Parameter time: CLOCK_MONOTONIC; since when that holds, where it is not now.
    func act(on next: Permission.Verdict, atMicroseconds time: UInt64? = nil) {
        guard next != verdict || !gate.isOpen && next == .closed(.starting) else { return }
        seldomDone()
        let wasOpen = verdict.closure == nil
        verdict = next
        // Before the time is taken: what is typed while devices are being opened reaches nobody, and belongs to the span in
        // which nothing was recorded.
        if !wasOpen, next.closure == nil { source.resume() }
        let now = time ?? kymo_monotonic_microseconds()
        switch next {
        case .closed(let closure):
            // First of all: what waits is discarded, and nothing later is accepted.
            gate.setOpen(false, reason: closure.reason, nowMicroseconds: now) { outlet.write($0) }
            if wasOpen {
                source.suspend { take($0) }
                gate.agentLost(nowMicroseconds: now)
            }
        case .open(let session, let receipt):
            guard !wasOpen else { break }
            // Before anything is told of the focus.
            applyOwnRules()
            gate.setOpen(true, nowMicroseconds: now) { outlet.write($0) }
            begin(session, receipt, now)
            if agent.isConnected {
                gate.agentConnected(nowMicroseconds: now)
                // As of now: what had the focus while devices were closed is not recorded.
                for message in reports.messages(asOfMicroseconds: now) { hand(message, nowMicroseconds: now) }
            }
            dispatch()
            if deviceCount == 0 { log(.notice, "no input device can be read yet; waiting for one") }
        }
        if wasOpen, next.closure != nil { sessionRecord(isActive: false, now) }
        log(.notice, idleReason.map { "not recording: \($0)" } ?? "recording the input of \(subject)")
        service.status(idleReason ?? "recording")
        tellAgent()
    }

    /// From here on the journal is this person's and this session's, under that receipt.
    func begin(_ session: SeatSession, _ receipt: String, _ now: UInt64) {
        let next = SegmentOrigin(subject: session.subject, userID: session.userID, session: session.id)
        if next != origin {
            origin = next
            journal.rotate(origin: next)
        }
        self.receipt = receipt
        write(
            account: Event(
                timeMicroseconds: now,
                payload: .consent(
                    ConsentNotice(isGiven: true, userID: session.userID, receipt: receipt, subject: session.subject))))
        sessionRecord(isActive: true, now)
    }

    func sessionRecord(isActive: Bool, _ now: UInt64) {
        write(
            account: Event(
                timeMicroseconds: now,
                payload: .session(
                    SessionDescription(subject: origin.subject, userID: origin.userID, isActive: isActive))))
    }

    /// What the indicator is to show.
    func tellAgent() {
        guard agent.isConnected else { return }
        agent.send(.recording(RecordingState(verdict, pause: pause)))
    }
}
