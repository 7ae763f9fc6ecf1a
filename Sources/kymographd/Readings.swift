import CLinuxShim
import Consent
import Events
import Export
import Glibc
import Journal
import JournalAccess
import Logging
import SystemPackage

/// Lets people read what was recorded of themselves, and see who else did. Each reading has a thread of its own: it takes
/// as long as the disk and whoever reads, and nobody's pause waits for it.
///
/// `Sendable` parts go to the threads; the rest is the loop's.
final class Readings {
    /// Threads at a time; the unit allows this process few.
    private static let limit = 4

    private let journal: FilePath
    private let store: ConsentStore
    private let accessLog: AccessLog
    private let polkit: Polkit
    private let errands: Errands
    private let deliveries: Deliveries
    /// Who reads now, one at a time each.
    private var busy: Set<uid_t> = []

    init(
        journal: FilePath, store: ConsentStore, accessLog: AccessLog, polkit: Polkit, errands: Errands,
        deliveries: Deliveries
    ) {
        self.journal = journal
        self.store = store
        self.accessLog = accessLog
        self.polkit = polkit
        self.errands = errands
        self.deliveries = deliveries
    }

    /// None for whoever never consented: nothing was recorded of them, and who reads of others is not their business.
    func accesses(_ person: Person, _ exchange: ControlExchange) {
        errands.run { [store, accessLog] in
            Result {
                try store.receiptText(userID: person.userID) == nil
                    ? [] : try accessLog.lines(concerning: person.userID)
            }
        } then: { found in
            switch found {
            case .success(let lines): exchange.done(lines.map { $0 + "\n" }.joined())
            case .failure(let error): exchange.refuse("\(error)")
            }
        }
    }

    // MARK: without content

    /// Since the beginning of the day.
    func account(_ person: Person, _ exchange: ControlExchange) {
        guard begin(person, exchange) else { return }
        let answer = deliveries.expect { [weak self] (outcome: Result<AccountView, AccountError>) in
            self?.busy.remove(person.userID)
            switch outcome {
            case .success(let view): exchange.done(view.text)
            case .failure(let error): exchange.refuse(error.reason)
            }
        }
        if !start({ [journal, store] in answer(Self.account(of: person, in: journal, store)) }) {
            answer(.failure(AccountError(reason: "no thread can be started for that; try again")))
        }
    }

    private struct AccountError: Error { var reason: String }

    private static func account(
        of person: Person, in journal: FilePath, _ store: ConsentStore
    ) -> Result<AccountView, AccountError> {
        let now = kymo_realtime_microseconds()
        let midnight = Moment.parse("today", nowMicroseconds: Int64(now)).map { UInt64(max($0, 0)) } ?? 0
        do {
            let account = try OwnAccount(directory: journal, userID: person.userID, since: midnight, now: now)
            return .success(
                AccountView(
                    sinceMicroseconds: midnight,
                    withheld: account.withheldByName.map {
                        AccountView.Withheld(reason: $0.name, spans: $0.spans, microseconds: $0.microseconds)
                    }, bytes: account.bytes, segments: account.segments,
                    rules: try OwnRules.views(store, person.userID)))
        } catch {
            return .failure(AccountError(reason: "\(error)"))
        }
    }

    // MARK: with content

    /// After the person has shown that it is them; written down before anything is read out.
    func read(_ reading: OwnReading, _ person: Person, _ exchange: ControlExchange) {
        let query: Query
        do throws(ReadingProblem) {
            query = try Query(reading)
        } catch {
            return exchange.refuse(error.description)
        }
        polkit.authenticate(exchange, for: .read) { [weak self] refusal in
            guard let self, !exchange.isGone else { return }
            if let refusal {
                log(.notice, "\(person.name) was not shown what is theirs: \(refusal)")
                return exchange.refuse(refusal)
            }
            guard begin(person, exchange) else { return }
            hand(reading, query, person, exchange)
        }
    }

    private func hand(_ reading: OwnReading, _ query: Query, _ person: Person, _ exchange: ControlExchange) {
        let work = OwnReadingWork(
            journal: journal, accessLog: accessLog, person: person, processID: exchange.peer.processID,
            reading: reading, query: query, socket: exchange.lend())
        let finished = deliveries.expect { [weak self] (problem: String?) in
            self?.busy.remove(person.userID)
            if let problem { log(.error, "\(person.name) could not read what is theirs: \(problem)") }
            exchange.takeBack()
        }
        if !start({ finished(work.run()) }) { finished("no thread can be started for that") }
    }

    // MARK: threads

    private func begin(_ person: Person, _ exchange: ControlExchange) -> Bool {
        guard busy.count < Self.limit else {
            exchange.refuse("\(Self.limit) others read at this moment; try again when one of them is done")
            return false
        }
        guard busy.insert(person.userID).inserted else {
            exchange.refuse("you read already; end that first")
            return false
        }
        return true
    }

    /// False: there can be no other thread now, and on this one nobody waits for a disk.
    private func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let context = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// What is asked for cannot be asked for.
private struct ReadingProblem: Error, CustomStringConvertible {
    var description: String
}

extension Query {
    fileprivate init(_ reading: OwnReading) throws(ReadingProblem) {
        self.init()
        sinceMicroseconds = reading.sinceMicroseconds
        untilMicroseconds = reading.untilMicroseconds
        apps = reading.apps
        if !reading.kinds.isEmpty {
            var names: Set<RecordName> = []
            for kind in reading.kinds {
                guard let name = RecordName(rawValue: kind) else {
                    throw ReadingProblem(description: "there are no records of kind \(kind)")
                }
                names.insert(name)
            }
            self.names = names
        }
        // Data without the accounts of what is missing looks complete when it is not.
        keepsAccounts = reading.form != .text
    }
}
