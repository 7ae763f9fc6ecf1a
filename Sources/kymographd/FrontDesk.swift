import Consent
import Glibc

/// Who asks, by the kernel's word.
struct Person {
    let userID: uid_t
    /// Login name.
    let name: String
}

/// Takes every request of the control socket, finds out whose it is, and hands it to whoever does it.
struct FrontDesk {
    let consents: SubjectDesk
    let eraser: Eraser
    let rules: OwnRules
    let readings: Readings

    func answer(_ request: ControlRequest, _ exchange: ControlExchange) {
        let user = exchange.peer.userID
        guard user != 0 else {
            return exchange.refuse("root is never recorded, and decides for nobody: run this as the person concerned")
        }
        guard let entry = getpwuid(user) else {
            return exchange.refuse("user id \(user) has no name on this machine")
        }
        let person = Person(userID: user, name: String(cString: entry.pointee.pw_name))
        switch request {
        case .show: consents.show(person, exchange)
        case .grant(let notice, let policy): consents.grant(person, notice, policy, exchange)
        case .withdraw: consents.withdraw(person, exchange)
        case .receipt: consents.receipt(person, exchange)
        case .pause(let seconds): consents.pause(user, seconds: seconds) { Self.report($0, to: exchange) }
        case .resume: consents.resume(user) { Self.report($0, to: exchange) }
        case .forget(let scope): eraser.forget(scope, of: person, exchange)
        case .rules: rules.show(person, exchange)
        case .setRules(let text): rules.set(text, of: person, exchange)
        case .accesses: readings.accesses(person, exchange)
        case .account: readings.account(person, exchange)
        case .mine(let reading): readings.read(reading, person, exchange)
        }
    }

    private static func report(_ failure: String?, to exchange: ControlExchange) {
        if let failure { exchange.refuse(failure) } else { exchange.done() }
    }
}
