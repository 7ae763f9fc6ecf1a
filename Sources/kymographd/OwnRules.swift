import Configuration
import Consent
import Events
import Glibc
import Logging
import Policy

/// Keeps people's own rules: what they want left out on top of the policy. They only take away, so that nobody is asked.
///
/// What they tighten holds at once; what they loosen, when it is on the disk.
final class OwnRules {
    private static let file = "your rules"
    private let store: ConsentStore
    private let errands: Errands
    /// The rules of that user are others from now on.
    private let changed: (uid_t) -> Void
    /// As they are on the disk, of whoever was at the seat.
    private var kept: [uid_t: SubjectRules] = [:]
    /// On their way to the disk, or not taken by it: they hold as well.
    private var unwritten: [uid_t: [SubjectRule]] = [:]

    init(store: ConsentStore, errands: Errands, changed: @escaping (uid_t) -> Void) {
        self.store = store
        self.errands = errands
        self.changed = changed
    }

    /// Reads the disk: to be called only while no device is open.
    /// - Throws: where they cannot be read or understood: nobody knows then what is to be left out.
    func load(_ userID: uid_t) throws {
        kept[userID] = try Self.read(store, userID)
    }

    private static func read(_ store: ConsentStore, _ userID: uid_t) throws -> SubjectRules {
        guard let text = try store.rules(userID: userID) else { return SubjectRules() }
        return try SubjectRules(text: text, file: file)
    }

    /// What holds now.
    func inForce(_ userID: uid_t) -> SubjectRules {
        SubjectRules((kept[userID]?.rules ?? []) + (unwritten[userID] ?? []))
    }

    /// To be told in words; any thread.
    static func views(_ store: ConsentStore, _ userID: uid_t) throws -> [OwnRuleView] {
        let now = WallClock().minute
        return try read(store, userID).rules.map { rule in
            OwnRuleView(
                isInForce: rule.isInForce(at: now), limit: rule.limit, when: rule.when, app: rule.app.pattern)
        }
    }

    // MARK: requests

    func show(_ person: Person, _ exchange: ControlExchange) {
        errands.run { [store] in
            Result { try Self.read(store, person.userID).text }
        } then: { outcome in
            switch outcome {
            case .success(let text): exchange.done(text)
            case .failure(let error): exchange.refuse(Self.unreadable(error))
            }
        }
    }

    static func unreadable(_ error: any Error) -> String {
        "your own rules cannot be read, so that nothing of you is recorded: \(error); kymo rules clear ends that"
    }

    func set(_ text: String, of person: Person, _ exchange: ControlExchange) {
        let user = person.userID
        let rules: SubjectRules
        do throws(ConfigurationErrors) {
            rules = try SubjectRules(text: text, file: Self.file)
        } catch {
            return exchange.refuse("\(error)")
        }
        unwritten[user, default: []] += rules.rules
        changed(user)
        errands.run { [store] in
            Result { try store.setRules(rules.text, userID: user) }
        } then: { [weak self] outcome in
            guard let self else { return }
            switch outcome {
            case .success:
                log(.notice, "\(person.name) has changed their own rules")
                kept[user] = rules
                unwritten[user] = nil
                exchange.done()
            case .failure(let error):
                exchange.refuse(
                    "what your rules leave out is left out, but they could not be written, so that a restart would forget "
                        + "them: \(error)")
            }
            changed(user)
        }
    }
}
