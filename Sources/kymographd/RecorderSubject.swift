import AgentProtocol
import CLinuxShim
import Consent
import Events
import Glibc
import Journal
import Logging
import Policy

/// What the person recorded decides about it, as far as the recorder has to act on it.
extension Recorder {
    /// A person has decided something about themselves, or (nil) is about to: that stops what is recorded of them.
    func decided(by user: uid_t, _ decision: SubjectDesk.Decision?) {
        // What is in the journal now may be somebody else's.
        if let decision, user == origin.userID, let notice = notice(of: decision) {
            write(account: Event(timeMicroseconds: kymo_monotonic_microseconds(), payload: notice))
        }
        if user == presence.presentUserID { presence.askAgain() }
    }

    func notice(of decision: SubjectDesk.Decision) -> Payload? {
        switch decision {
        // The receipt stands in front of what is recorded under it.
        case .consented: nil
        case .withdrew:
            .consent(
                ConsentNotice(isGiven: false, userID: origin.userID, receipt: receipt, subject: origin.subject))
        case .paused(let pause):
            .pause(PauseNotice(isPaused: true, endRealtimeMicroseconds: pause.endRealtimeMicroseconds))
        case .resumed: .pause(PauseNotice(isPaused: false))
        }
    }

    /// CLOCK_MONOTONIC, µs: when the pause of the person at the seat ends, as the clocks are now.
    func setPauseEnd() {
        let remaining = pause.flatMap { desk.remaining($0) }
        pauseEndMicroseconds = remaining.map { kymo_monotonic_microseconds() &+ $0 }
    }

    func endPauseIfOver() {
        setPauseEnd()
        guard let pause, desk.remaining(pause) == 0, let user = presence.presentUserID else { return }
        self.pause = nil
        pauseEndMicroseconds = nil
        desk.pauseEnded(user)
    }

    /// The person clicked on the indicator.
    func clicked(_ request: PauseRequest) {
        guard let user = presence.presentUserID else { return }
        let told: (String?) -> Void = { [unowned self] failure in
            if let failure { log(.error, failure) }
            // Also where nothing has changed: the indicator waits for a word.
            tellAgent()
        }
        switch request.action {
        case .pause: desk.pause(user, seconds: UInt64(request.seconds), told)
        case .resume: desk.resume(user, told)
        }
    }

    // MARK: their own rules

    func rulesChanged(of user: uid_t) {
        guard user == presence.presentUserID else { return }
        // What keeps everything closed may be rules that could not be read.
        if verdict.closure == nil { applyOwnRules() } else { presence.askAgain() }
    }

    /// Puts the policy, tightened by what the person at the seat wants at this hour, in force.
    func applyOwnRules() {
        guard let user = presence.presentUserID else {
            rulesEndMicroseconds = nil
            return
        }
        let rules = ownRules.inForce(user)
        let now = kymo_monotonic_microseconds()
        let clock = WallClock()
        gate.setRules(
            RuleSet(policy.rules, denied: policy.denied, caps: rules.caps(at: clock.minute)), nowMicroseconds: now)
        rulesEndMicroseconds = rules.minutesUntilChange(after: clock.minute).map {
            now + clock.microseconds(until: $0)
        }
    }

    // MARK: forgetting

    /// What waits is let go of, the journal is told to forget what is written, and what has the focus is told anew behind
    /// that.
    func forget(
        _ request: ForgetRequest, of user: uid_t, key: Eraser.KeyChange,
        _ completion: @escaping @Sendable (Result<ForgettingReport, JournalError>) -> Void
    ) {
        let now = kymo_monotonic_microseconds()
        let isRecorded = verdict.closure == nil && user == presence.presentUserID
        if isRecorded, request.reaches(kymo_realtime_microseconds()) {
            gate.discardWaiting(nowMicroseconds: now) { outlet.write($0) }
        }
        if case .destroyed(let successor) = key, user == presence.presentUserID { titles.key = successor }
        if !isRecorded, user == origin.userID {
            // So that what is theirs is closed, and the journal goes on as nobody's.
            origin = .nobody
            journal.rotate(origin: .nobody)
        }
        journal.forget(request, completion: completion)
        if isRecorded { gate.restateFocus(nowMicroseconds: now) }
    }
}

extension ForgetRequest {
    /// Whether it may be about what waits for a decision now, and what the ring holds.
    fileprivate func reaches(_ realtime: UInt64) -> Bool {
        switch extent {
        case .everything: true
        case .span(let span, _): span.upperBound >= realtime - min(JournalReader.orderSlackMicroseconds, realtime)
        }
    }
}
