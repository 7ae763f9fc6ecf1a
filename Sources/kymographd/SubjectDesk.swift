import CLinuxShim
import Configuration
import Consent
import Events
import Glibc
import Logging
import Policy

/// Answers people about their own consent and pauses, and keeps what they decide.
///
/// What a person decides takes effect before it is on the disk where it stops the recording, and after it where it allows
/// it. What the disk does not take holds as long as this process lives.
final class SubjectDesk {
    /// What is on file of a person, and what they have said since.
    struct Standing {
        var consent: ConsentState
        /// Nil: none.
        var pause: Pause?
        /// Nil: there is none, and titles that would be hashed are left out.
        var titleKey: TitleKey?
    }

    /// What a person has decided, once it is on the disk, or cannot be written.
    enum Decision: Sendable, Equatable {
        case consented
        case withdrew
        case paused(Pause)
        case resumed
    }

    private let store: ConsentStore
    private let notice: String?
    private let policy: RuleSet
    private let bootID: String
    private let errands: Errands
    private let polkit: Polkit
    /// Something that concerns this user's recording has changed.
    private let changed: (uid_t, Decision?) -> Void
    /// How many decisions of a user are being written: until they are, nothing of theirs is recorded.
    private var writing: [uid_t: Int] = [:]
    /// What could not be written, or is not yet, and holds all the same.
    private var withdrawn: Set<uid_t> = []
    private var paused: [uid_t: Pause] = [:]

    init(
        configuration: Configuration, store: ConsentStore, host: Host, errands: Errands, polkit: Polkit,
        changed: @escaping (uid_t, Decision?) -> Void
    ) {
        self.store = store
        notice = configuration.notice
        policy = configuration.rules
        bootID = host.bootID
        self.errands = errands
        self.polkit = polkit
        self.changed = changed
    }

    // MARK: what holds

    /// Reads the disk: to be called only while no device is open.
    func standing(userID: uid_t, subject: String) -> Standing {
        guard writing[userID] == nil else {
            // A pause closes all the same, and says why.
            if let pause = paused[userID] { return Standing(consent: .given(""), pause: pause) }
            return Standing(consent: .missing("what they decided is being written"), pause: nil)
        }
        guard !withdrawn.contains(userID) else {
            return Standing(consent: .missing("it was withdrawn (kymo consent grant gives it anew)"), pause: nil)
        }
        let consent = Self.consent(store, notice, policy, userID, subject)
        return Standing(
            consent: consent, pause: paused[userID] ?? store.pause(userID: userID).flatMap { isOver($0) ? nil : $0 },
            titleKey: consent.isGiven ? titleKey(userID) : nil)
    }

    private func titleKey(_ userID: uid_t) -> TitleKey? {
        do {
            return try store.titleKey(userID: userID)
        } catch {
            log(.warning, "\(error); titles that would be hashed are left out")
            return nil
        }
    }

    private static func consent(
        _ store: ConsentStore, _ notice: String?, _ policy: RuleSet, _ userID: uid_t, _ subject: String
    ) -> ConsentState {
        guard let notice else { return .missing("there is no notice to consent to") }
        return store.consent(userID: userID, subject: subject, notice: notice, policy: policy)
    }

    /// Microseconds from now; nil: until resumed.
    func remaining(_ pause: Pause) -> UInt64? {
        pause.remaining(
            realtimeMicroseconds: kymo_realtime_microseconds(), boottimeMicroseconds: kymo_boottime_microseconds(),
            bootID: bootID)
    }

    private func isOver(_ pause: Pause) -> Bool { remaining(pause) == 0 }

    /// The time of a pause has passed: no clock that is set back later is to bring it back.
    func pauseEnded(_ userID: uid_t) { resume(userID) { _ in } }

    // MARK: requests

    private static let noNotice =
        "there is no notice on this machine (/etc/kymograph/notice.md): nobody can consent to "
        + "what they are not told"

    func show(_ person: Person, _ exchange: ControlExchange) {
        guard let notice else { return exchange.refuse(Self.noNotice) }
        let isWithdrawn = withdrawn.contains(person.userID)
        errands.run { [store, policy] in
            var view = ConsentView(
                subject: person.name, receipt: "", reason: "it was withdrawn", notice: notice,
                policy: policy.canonicalText)
            if isWithdrawn { return view }
            switch Self.consent(store, notice, policy, person.userID, person.name) {
            case .given(let receipt): (view.receipt, view.reason) = (receipt, "")
            case .missing(let why): view.reason = why
            }
            return view
        } then: {
            exchange.done($0.text)
        }
    }

    func receipt(_ person: Person, _ exchange: ControlExchange) {
        errands.run { [store] in
            Result { try store.receiptText(userID: person.userID) }
        } then: { found in
            switch found {
            case .success(let text?): exchange.done(text)
            case .success(nil): exchange.refuse("there is no receipt of \(person.name)")
            case .failure(let error): exchange.refuse("\(error)")
            }
        }
    }

    func grant(_ person: Person, _ noticeHash: String, _ policyHash: String, _ exchange: ControlExchange) {
        guard let notice else { return exchange.refuse(Self.noNotice) }
        guard noticeHash == Receipt.hash(notice), policyHash == Receipt.hash(policy.canonicalText) else {
            return exchange.refuse("what you were shown is not what is in force any more; look again")
        }
        polkit.authenticate(exchange, for: .grant) { [weak self] refusal in
            guard let self, !exchange.isGone else { return }
            if let refusal {
                log(.notice, "consent of \(person.name) was not taken: \(refusal)")
                return exchange.refuse(refusal)
            }
            keepConsent(person, notice, exchange)
        }
    }

    private func keepConsent(_ person: Person, _ notice: String, _ exchange: ControlExchange) {
        decide(person.userID) { [store, policy] in
            try store.grant(
                userID: person.userID, subject: person.name, notice: notice, policy: policy, version: kymographVersion,
                realtimeMicroseconds: kymo_realtime_microseconds()
            ).text
        } then: { [weak self] outcome in
            switch outcome {
            case .success(let text):
                self?.withdrawn.remove(person.userID)
                log(.notice, "\(person.name) has consented")
                exchange.done(text)
                return .consented
            case .failure(let error):
                exchange.refuse("\(error)")
                return nil
            }
        }
    }

    func withdraw(_ person: Person, _ exchange: ControlExchange) {
        decide(person.userID) { [store] in
            try store.withdraw(userID: person.userID, realtimeMicroseconds: kymo_realtime_microseconds())
        } then: { [weak self] outcome in
            log(.notice, "\(person.name) has withdrawn their consent")
            switch outcome {
            case .success: exchange.done()
            case .failure(let error):
                self?.withdrawn.insert(person.userID)
                exchange.refuse(
                    "recording has stopped, but that could not be written, so that a restart would forget it: \(error)")
            }
            return .withdrew
        }
    }

    /// By the control socket, or a click on the indicator.
    /// - Parameter reply: nil: it is on the disk; else what went wrong.
    func pause(_ user: uid_t, seconds: UInt64, _ reply: @escaping (String?) -> Void) {
        let pause = Pause(
            seconds: seconds, realtimeMicroseconds: kymo_realtime_microseconds(),
            boottimeMicroseconds: kymo_boottime_microseconds(), bootID: bootID)
        paused[user] = pause
        decide(user) { [store] in
            try store.pause(pause, userID: user)
        } then: { [weak self] outcome in
            switch outcome {
            case .success:
                self?.paused[user] = nil
                reply(nil)
            case .failure(let error):
                reply("recording is paused, but that could not be written, so that a restart would forget it: \(error)")
            }
            return .paused(pause)
        }
    }

    func resume(_ user: uid_t, _ reply: @escaping (String?) -> Void) {
        decide(user) { [store] in
            try store.resume(userID: user)
        } then: { [weak self] outcome in
            switch outcome {
            case .success:
                self?.paused[user] = nil
                reply(nil)
                return .resumed
            case .failure(let error):
                reply("\(error)")
                return nil
            }
        }
    }

    /// Stops the recording of that user first, then writes, then asks anew what holds.
    private func decide<T: Sendable>(
        _ user: uid_t, _ write: @escaping @Sendable () throws -> T,
        then: @escaping (Result<T, any Error>) -> Decision?
    ) {
        writing[user, default: 0] += 1
        changed(user, nil)
        errands.run {
            Result { try write() }
        } then: { [weak self] outcome in
            guard let self else { return }
            writing[user] = writing[user]! > 1 ? writing[user]! - 1 : nil
            if case .failure(let error) = outcome { log(.error, "a decision was not kept: \(error)") }
            let decision = then(outcome)
            changed(user, decision)
        }
    }
}

extension ConsentState {
    fileprivate var isGiven: Bool { if case .given = self { true } else { false } }
}
