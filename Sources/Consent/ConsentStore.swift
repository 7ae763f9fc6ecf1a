import Crypto
import Glibc
import Policy

/// What people have decided about being recorded, on disk: consents, withdrawals, pauses. One directory a user id.
///
/// Fail closed: what cannot be read, is not this host's, or was changed by somebody else, is no consent, and a pause that
/// cannot be read is one.
public final class ConsentStore: Sendable {
    private let root: PrivateDirectory
    private let host: Host

    /// - Throws: where the directory or the host's key is not to be trusted; then nothing may be recorded.
    public init(directory: String, machineID: String) throws(ConsentError) {
        root = try PrivateDirectory(directory)
        host = try Host(directory: root, machineID: machineID)
    }

    /// The key that receipts of this host are signed with, in hexadecimal.
    public var publicKey: String { host.publicKey.hexadecimal }

    func directory(of userID: UInt32) throws(ConsentError) -> PrivateDirectory {
        try PrivateDirectory(root.path(of: "\(userID)"))
    }

    // MARK: consent

    /// What is on file of a person, held against the notice and the policy in force.
    public func consent(userID: UInt32, subject: String, notice: String, policy: RuleSet) -> ConsentState {
        do {
            guard let receipt = try receipt(userID: userID) else {
                return .missing("none was given yet (kymo consent grant)")
            }
            if let withdrawal = try withdrawal(userID: userID), withdrawal.serial >= receipt.serial {
                return .missing("it was withdrawn (kymo consent grant gives it anew)")
            }
            guard receipt.subject == subject else {
                return .missing("the receipt on file is \(receipt.subject)'s, who had that user id before")
            }
            guard receipt.notice == notice else {
                return .missing("the notice has changed since it was given (kymo consent grant)")
            }
            return Self.judge(receipt, policy)
        } catch let error as ReceiptError {
            return .missing("the receipt on file does not count: \(error)")
        } catch {
            return .missing("\(error)")
        }
    }

    private static func judge(_ receipt: Receipt, _ policy: RuleSet) -> ConsentState {
        let again = "; kymo consent grant shows it"
        guard receipt.policy != policy.canonicalText else { return .given(receipt.id) }
        do throws(CanonicalPolicyError) {
            switch try RuleSet(canonicalText: receipt.policy).loosening(to: policy) {
            case .none: return .given(receipt.id)
            case .undecided: return .missing("the policy has changed, and nobody can say whether it keeps more\(again)")
            case .of(let app, let before, let after):
                let name = app.isEmpty ? "windows without a name" : "\"\(app)\""
                return .missing(
                    "the policy keeps more than before, such as of \(name): \(after.text) (before: \(before.text))\(again)"
                )
            }
        } catch {
            return .missing("the policy has changed: \(error)\(again)")
        }
    }

    /// The receipt on file, whatever has come of it; nil if there is none.
    /// - Throws: `ReceiptError` where it is not one of this host, `ConsentError`.
    public func receipt(userID: UInt32) throws -> Receipt? {
        guard let bytes = try directory(of: userID).read("receipt") else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ReceiptError.malformed("it is no UTF-8")
        }
        let receipt = try Receipt(verifying: text)
        guard receipt.key == host.publicKey else { throw ReceiptError.otherKey }
        guard receipt.host == host.identity else { throw ReceiptError.otherHost }
        guard receipt.userID == userID else { throw ReceiptError.malformed("it is user \(receipt.userID)'s") }
        return receipt
    }

    private func withdrawal(userID: UInt32) throws -> Withdrawal? {
        guard let bytes = try directory(of: userID).read("withdrawn") else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ReceiptError.malformed("it is no UTF-8")
        }
        let withdrawal = try Withdrawal(verifying: text)
        guard withdrawal.key == host.publicKey else { throw ReceiptError.otherKey }
        return withdrawal
    }

    /// The number of the next consent or withdrawal. A file that does not count is no reason to begin anew.
    private func nextSerial(_ userID: UInt32) -> UInt64 {
        let last = [(try? receipt(userID: userID))??.serial ?? 0, (try? withdrawal(userID: userID))??.serial ?? 0]
        return last.max()! + 1
    }

    /// Writes the receipt of a consent that was just given, and returns it as text too.
    public func grant(
        userID: UInt32, subject: String, notice: String, policy: RuleSet, version: String, realtimeMicroseconds: UInt64
    ) throws -> (receipt: Receipt, text: String) {
        let receipt = Receipt(
            subject: subject, userID: userID, serial: nextSerial(userID), realtimeMicroseconds: realtimeMicroseconds,
            version: version, notice: notice, policy: policy.canonicalText, host: host)
        let text = try receipt.signed(by: host.key)
        let directory = try directory(of: userID)
        try directory.write("receipt", Array(text.utf8))
        // One that holds is not to be undone by a withdrawal of before: its number is lower. It is kept as it is.
        return (receipt, text)
    }

    /// The receipt as it is kept, to be handed out.
    public func receiptText(userID: UInt32) throws(ConsentError) -> String? {
        try directory(of: userID).read("receipt").flatMap { String(validating: $0, as: UTF8.self) }
    }

    public func withdraw(userID: UInt32, realtimeMicroseconds: UInt64) throws {
        let withdrawal = Withdrawal(
            userID: userID, serial: nextSerial(userID), realtimeMicroseconds: realtimeMicroseconds, host: host)
        try directory(of: userID).write("withdrawn", Array(try withdrawal.signed(by: host.key).utf8))
    }

    // MARK: the person's own rules

    /// As text, which the caller understands; nil if there are none.
    /// - Throws: also where they cannot be read: what is to be left out is then not known.
    public func rules(userID: UInt32) throws(ConsentError) -> String? {
        guard let bytes = try directory(of: userID).read("rules") else { return nil }
        // What is no UTF-8 becomes something that nobody can understand either.
        return String(decoding: bytes, as: UTF8.self)
    }

    public func setRules(_ text: String, userID: UInt32) throws(ConsentError) {
        let directory = try directory(of: userID)
        if text.isEmpty { try directory.remove("rules") } else { try directory.write("rules", Array(text.utf8)) }
    }

    // MARK: pause

    public func pause(_ pause: Pause, userID: UInt32) throws(ConsentError) {
        try directory(of: userID).write("paused", Array(pause.text.utf8))
    }

    public func resume(userID: UInt32) throws(ConsentError) { try directory(of: userID).remove("paused") }

    /// The pause on file; nil if there is none. One that cannot be read has no end.
    public func pause(userID: UInt32) -> Pause? {
        do throws(ConsentError) {
            guard let bytes = try directory(of: userID).read("paused") else { return nil }
            return String(validating: bytes, as: UTF8.self).flatMap(Pause.init(text:)) ?? Pause.endless
        } catch {
            return Pause.endless
        }
    }
}
