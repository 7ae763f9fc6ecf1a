import Consent
import Glibc
import Journal
import Logging

/// Has what was recorded of a person forgotten, for that person. The journal's thread does it.
final class Eraser {
    private let store: ConsentStore
    private let errands: Errands
    private let deliveries: Deliveries
    private let needsKey: (uid_t) -> Bool
    private let order: Order
    /// Whose requests are being carried out: each begins a segment and reads through all others, one at a time is enough.
    private var busy: Set<uid_t> = []

    /// The key of somebody's titles.
    enum KeyChange {
        case none
        /// And the one in its place, where titles are hashed now.
        case destroyed(successor: TitleKey?)

        var isDestroyed: Bool { if case .destroyed = self { true } else { false } }
    }

    /// What the recorder does of it, from the loop: lets go of what it holds, and orders the journal to forget.
    typealias Order = (
        _ request: ForgetRequest, _ userID: uid_t, _ key: KeyChange,
        _ completion: @escaping @Sendable (Result<ForgettingReport, JournalError>) -> Void
    ) -> Void

    /// - Parameter needsKey: whether that user's titles are hashed now.
    init(
        store: ConsentStore, errands: Errands, deliveries: Deliveries, needsKey: @escaping (uid_t) -> Bool,
        order: @escaping Order
    ) {
        self.store = store
        self.errands = errands
        self.deliveries = deliveries
        self.needsKey = needsKey
        self.order = order
    }

    func forget(_ scope: ForgetScope, of person: Person, _ exchange: ControlExchange) {
        guard busy.insert(person.userID).inserted else {
            return exchange.refuse("what you asked for before is being forgotten now; ask again when it is done")
        }
        guard case .everything = scope else { return carryOut(scope, person, key: .none, exchange) }
        // First of all: what hangs on the key is forgotten with it, also where nothing else is reached.
        errands.run { [store, needsKey = needsKey(person.userID)] in
            Result {
                try store.destroyTitleKey(userID: person.userID)
                return needsKey ? try? store.titleKey(userID: person.userID) : nil
            }
        } then: { [weak self] (outcome: Result<TitleKey?, any Error>) in
            switch outcome {
            case .success(let successor):
                self?.carryOut(scope, person, key: .destroyed(successor: successor), exchange)
            case .failure(let error):
                log(.error, "the key of \(person.name)'s titles was not destroyed: \(error)")
                self?.carryOut(scope, person, key: .none, exchange)
            }
        }
    }

    private func carryOut(_ scope: ForgetScope, _ person: Person, key: KeyChange, _ exchange: ControlExchange) {
        let request: ForgetRequest =
            switch scope {
            case .everything: ForgetRequest(.everything, userID: person.userID)
            case .span(let span, let app): ForgetRequest(.span(span, app: app), userID: person.userID)
            }
        order(
            request, person.userID, key,
            deliveries.expect { [weak self] outcome in
                self?.busy.remove(person.userID)
                Self.tell(outcome, isKeyDestroyed: key.isDestroyed, of: person, exchange)
            })
    }

    private static func tell(
        _ outcome: Result<ForgettingReport, JournalError>, isKeyDestroyed: Bool, of person: Person,
        _ exchange: ControlExchange
    ) {
        switch outcome {
        case .success(let report):
            // That, not what.
            log(.notice, "something was forgotten at the wish of \(person.name)")
            exchange.done(
                ForgetAnswer(
                    records: report.records, chunks: report.chunks, segments: report.segments, files: report.files,
                    leftFiles: report.leftFiles, span: report.span, isKeyDestroyed: isKeyDestroyed
                ).text)
        case .failure(.notNoted(let path, let errno)):
            exchange.refuse("\(JournalError.notNoted(path: path, errno: errno))")
        case .failure(let error):
            exchange.refuse("not everything could be forgotten yet, and will be tried again every minute: \(error)")
        }
    }
}
