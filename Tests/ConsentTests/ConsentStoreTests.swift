import Events
import Glibc
import Policy
import Testing

@testable import Consent

/// A state directory of its own, gone when the test is.
final class StateDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/kymograph-consent-XXXXXX".utf8) + [0]
        let made = template.withUnsafeMutableBytes { mkdtemp($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
        try #require(made != nil)
        path = String(decoding: template.dropLast(), as: UTF8.self)
    }

    deinit { _ = system("rm -rf \(path)") }

    func read(_ name: String) throws -> String {
        let file = try #require(fopen("\(path)/\(name)", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 19)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
        unlink("\(path)/\(name)")
        let file = try #require(fopen("\(path)/\(name)", "w"))
        fputs(text, file)
        fclose(file)
        chmod("\(path)/\(name)", mode)
    }

    func store(machine: String = "m1") throws -> ConsentStore {
        try ConsentStore(directory: "\(path)/consent", machineID: machine)
    }
}

private let notice = "Be informed.\nsignature of nothing\n"
private let policy = RuleSet([AppRule(app: AppGlob("foot")!, keys: .full, titles: .off)])

extension ConsentStore {
    fileprivate func state(
        _ user: UInt32 = 1000, _ subject: String = "ada", notice told: String = notice, policy rules: RuleSet = policy
    ) -> ConsentState { consent(userID: user, subject: subject, notice: told, policy: rules) }

    @discardableResult fileprivate func grant(_ user: UInt32 = 1000, _ subject: String = "ada", at time: UInt64 = 7)
        throws
        -> String
    {
        try grant(
            userID: user, subject: subject, notice: notice, policy: policy, version: "1", realtimeMicroseconds: time
        ).receipt.id
    }
}

extension ConsentState {
    fileprivate func isMissing(_ words: String) -> Bool {
        if case .missing(let why) = self { why.contains(words) } else { false }
    }
}

@Suite struct ConsentStoreTests {
    @Test func consentIsGivenHeldAndTakenBack() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        #expect(store.state().isMissing("none was given"))
        let id = try store.grant()
        #expect(store.state() == .given(id))
        // Of that person alone.
        #expect(store.state(1001, "bob").isMissing("none was given"))
        // Also after a restart.
        #expect(try directory.store().state() == .given(id))
        try store.withdraw(userID: 1000, realtimeMicroseconds: 8)
        #expect(store.state().isMissing("withdrawn"))
        #expect(try directory.store().state().isMissing("withdrawn"))
        let again = try store.grant(at: 9)
        #expect(again != id && store.state() == .given(again))
    }

    @Test func aClockThatIsSetBackRevivesAndEndsNothing() throws {
        let directory = try StateDirectory()
        let consents = try directory.store()
        try consents.grant(at: 1_000_000)
        try consents.withdraw(userID: 1000, realtimeMicroseconds: 500)
        #expect(consents.state().isMissing("withdrawn"))
        let id = try consents.grant(at: 3)
        #expect(consents.state() == .given(id))
        try consents.withdraw(userID: 1000, realtimeMicroseconds: 1)
        #expect(consents.state().isMissing("withdrawn"))
    }

    /// An old receipt that is put back does not undo a withdrawal.
    @Test func anOldReceiptPutBackIsOld() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        try store.grant()
        let old = try directory.read("consent/1000/receipt")
        try store.withdraw(userID: 1000, realtimeMicroseconds: 8)
        try directory.write("consent/1000/receipt", old)
        #expect(store.state().isMissing("withdrawn"))
        try store.grant()
        try store.withdraw(userID: 1000, realtimeMicroseconds: 9)
        try directory.write("consent/1000/receipt", old)
        #expect(store.state().isMissing("withdrawn"))
    }

    @Test func everyFlippedBitIsFound() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        let id = try store.grant()
        let good = Array(try directory.read("consent/1000/receipt").utf8)
        for index in good.indices {
            for bit in [UInt8(1), 32, 128] {
                var bad = good
                bad[index] ^= bit
                guard let text = String(validating: bad, as: UTF8.self) else { continue }
                #expect(throws: ReceiptError.self, "byte \(index), bit \(bit)") { _ = try Receipt(verifying: text) }
            }
        }
        for length in 0..<good.count {
            #expect(throws: ReceiptError.self) {
                _ = try Receipt(verifying: String(decoding: good[..<length], as: UTF8.self))
            }
        }
        #expect(throws: ReceiptError.self) { _ = try Receipt(verifying: String(decoding: good, as: UTF8.self) + "\n") }
        #expect(try Receipt(verifying: String(decoding: good, as: UTF8.self)).id == id)
    }

    @Test func aReceiptOfAnotherKeyHostOrPersonDoesNotCount() throws {
        let mine = try StateDirectory()
        let other = try StateDirectory()
        let store = try mine.store()
        let stranger = try other.store()
        try store.grant()
        try stranger.grant()
        try stranger.grant(1001, "bob")
        // Well signed, with a key of one's own making.
        try mine.write("consent/1000/receipt", try other.read("consent/1000/receipt"))
        #expect(store.state().isMissing("another host's key"))
        // The whole state directory, copied to another machine.
        #expect(try other.store(machine: "m2").state().isMissing("another machine"))
        // Another person's, of this host.
        try other.write("consent/1000/receipt", try other.read("consent/1001/receipt"))
        #expect(stranger.state().isMissing("damaged: it is user 1001's"))
        // A user id that was given to somebody else.
        #expect(stranger.state(1001, "carol").isMissing("bob's"))
    }

    @Test func aForgedReceiptDoesNotCount() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        try store.grant()
        let text = try directory.read("consent/1000/receipt")
        for (from, to) in [("serial 1\n", "serial 9\n"), ("subject ada", "subject bob"), ("uid 1000", "uid 1001")] {
            try directory.write("consent/1000/receipt", text.replacing(from, with: to))
            #expect(store.state().isMissing("forged"), "\(to)")
        }
    }

    @Test func aChangedNoticeAsksAgain() throws {
        let directory = try StateDirectory()
        let consents = try directory.store()
        try consents.grant()
        #expect(consents.state(notice: notice + " ").isMissing("notice has changed"))
    }

    @Test func onlyAPolicyThatKeepsMoreAsksAgain() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        let id = try store.grant()
        var tighter = policy
        tighter.rules.append(AppRule(app: AppGlob("*bank*")!, keys: .off, titles: .off))
        #expect(store.state(policy: tighter) == .given(id))
        #expect(store.state(policy: RuleSet()).isMissing("keeps more"), "titles of foot were off")
        var looser = policy
        looser.rules.append(AppRule(app: AppGlob("vim")!, keys: .full, titles: .hash))
        #expect(store.state(policy: looser).isMissing("such as of \"vim\""))
    }

    @Test(arguments: [
        ("symlink", "symbolic link"), ("mode", "others may"), ("directory", "regular file"), ("long", "bytes"),
    ])
    func aFileThatIsNotTheRecordersAloneIsNotUsed(_ kind: String, _ words: String) throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        try store.grant()
        let place = "\(directory.path)/consent/1000/receipt"
        let text = try directory.read("consent/1000/receipt")
        switch kind {
        case "symlink":
            try directory.write("elsewhere", text)
            unlink(place)
            symlink("\(directory.path)/elsewhere", place)
        case "mode": chmod(place, 0o666)
        case "directory":
            unlink(place)
            mkdir(place, 0o700)
        default: try directory.write("consent/1000/receipt", String(repeating: "x", count: 1 << 19))
        }
        #expect(store.state().isMissing(words))
    }

    @Test func theKeyIsMadeOnceAndKeptPrivate() throws {
        let directory = try StateDirectory()
        let first = try directory.store().publicKey
        #expect(try directory.store().publicKey == first)
        var status = stat()
        #expect(stat("\(directory.path)/consent/host.key", &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try directory.read("consent/host.pub") == first + "\n")
        chmod("\(directory.path)/consent/host.key", 0o644)
        #expect(throws: ConsentError.self) { _ = try directory.store() }
        try directory.write("consent/host.key", "half a ke")
        #expect(throws: ConsentError.badKey(path: "\(directory.path)/consent/host.key")) { _ = try directory.store() }
        chmod("\(directory.path)/consent", 0o755)
        #expect(throws: ConsentError.self) { _ = try directory.store() }
    }

    // MARK: pauses

    @Test func aPauseEndsWhenEveryClockSaysSo() {
        let pause = Pause(seconds: 60, realtimeMicroseconds: 1_000_000, boottimeMicroseconds: 5_000_000, bootID: "b")
        func left(_ real: UInt64, _ boot: UInt64, _ id: String = "b") -> UInt64? {
            pause.remaining(realtimeMicroseconds: real, boottimeMicroseconds: boot, bootID: id)
        }
        #expect(left(1_000_000, 5_000_000) == 60_000_000)
        #expect(left(61_000_000, 65_000_000) == 0)
        // Set forward: the time since the boot still counts. Set back: longer.
        #expect(left(900_000_000, 6_000_000) == 59_000_000)
        #expect(left(500_000, 65_000_000) == 60_500_000)
        // After a restart only the wall's clock is there.
        #expect(left(11_000_000, 1, "c") == 50_000_000)
        #expect(Pause.endless.remaining(realtimeMicroseconds: .max, boottimeMicroseconds: .max, bootID: "b") == nil)
        for seconds: UInt64 in [0, .max, .max / 1_000_000] {
            #expect(
                Pause(seconds: seconds, realtimeMicroseconds: 1 << 60, boottimeMicroseconds: 1, bootID: "b") == .endless
            )
        }
    }

    @Test func aPauseSurvivesARestartAndOneThatCannotBeReadHasNoEnd() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        #expect(store.pause(userID: 1000) == nil)
        let pause = Pause(seconds: 60, realtimeMicroseconds: 1, boottimeMicroseconds: 2, bootID: "b")
        try store.pause(pause, userID: 1000)
        #expect(try directory.store().pause(userID: 1000) == pause)
        #expect(store.pause(userID: 1001) == nil)
        try store.resume(userID: 1000)
        #expect(store.pause(userID: 1000) == nil)
        for text in ["", "kymograph pause 1\n12", "kymograph pause 2\n1\n2\nb\n"] {
            try directory.write("consent/1000/paused", text)
            #expect(store.pause(userID: 1000) == .endless)
        }
        try directory.write("consent/1000/paused", "kymograph pause 1\n1\n2\nb\n", mode: 0o666)
        #expect(store.pause(userID: 1000) == .endless)
    }

    // MARK: the control socket's words

    @Test func requestsAndAnswersReadBack() throws {
        let requests: [ControlRequest] = [
            .show, .grant(notice: "a", policy: "b"), .withdraw, .receipt, .accesses, .pause(seconds: 0),
            .pause(seconds: .max), .resume, .forget(.everything), .forget(.span(0...(.max), app: nil)),
            .forget(.span(5...6, app: AppGlob("a b*"))), .rules, .setRules(""), .setRules("[[rule]]\napp = \"x\"\n"),
            .account, .mine(OwnReading(form: .text)), .mine(Self.reading),
        ]
        for request in requests { #expect(ControlRequest(text: request.text) == request) }
        for text in [
            "", "show ada", "withdraw 1000", "pause", "pause -1", "pause 1 ada", "grant a", "forget", "resume\n",
            "forget ada", "forget all ada", "forget all\n1000", "forget 1", "forget 2 1", "forget -1 2", "forget 1 2\n",
            "rules ada", "account 1000", "mine", "mine text", "mine text\nada", "mine text\nuid 1000\n",
            "mine xml\n", "mine text\nsince\n", "mine text\nsince 1\nsince 2\n", "mine text ada\n",
        ] {
            #expect(ControlRequest(text: text) == nil, "\(text)")
        }
        for reply in [ControlReply.done, .part([0, 255]), .part([]), .progress("3 of 7"), .refused("why")] {
            #expect(ControlReply(bytes: reply.bytes) == reply)
        }
        for bytes: [UInt8] in [[], [0], Array(".x".utf8), Array("?".utf8)] {
            #expect(ControlReply(bytes: bytes) == nil, "\(bytes)")
        }
        let view = ConsentView(subject: "ada", receipt: "", reason: "a\nb", notice: "n\n", policy: "p")
        #expect(try ConsentView(text: view.text) == view)
    }

    private static var reading: OwnReading {
        var reading = OwnReading(form: .csv)
        reading.sinceMicroseconds = -5
        reading.untilMicroseconds = .max
        reading.apps = [AppGlob("a b*")!, AppGlob("é")!]
        reading.kinds = ["key", "focus"]
        return reading
    }

    @Test func answersAboutOnesOwnDataReadBack() throws {
        for span in [nil, 3...7] as [ClosedRange<UInt64>?] {
            let answer = ForgetAnswer(
                records: 1, chunks: 2, segments: 3, files: 4, leftFiles: 5, span: span, isKeyDestroyed: span == nil)
            #expect(try ForgetAnswer(text: answer.text) == answer)
        }
        let rule = OwnRuleView(
            isInForce: true, limit: EffectiveRule(keys: .off, titles: .hash, pointer: .off, interactions: .on),
            when: "18:00-08:00 on mon, tue", app: "a\tb")
        let view = AccountView(
            sinceMicroseconds: 1, withheld: [AccountView.Withheld(reason: "paused", spans: 2, microseconds: 3)],
            bytes: 4, segments: 5, rules: [rule])
        let read = try AccountView(text: view.text)
        #expect(read.withheld == view.withheld && read.bytes == 4 && read.rules.first?.when == rule.when)
        #expect(read.rules.first?.limit == rule.limit)
    }
}

@Suite struct TitleKeyTests {
    @Test func equalTitlesOfOnePersonHaveEqualHashes() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        let ada = try store.titleKey(userID: 1000), bob = try store.titleKey(userID: 1001)
        #expect(ada.hash("Quarterly") == ada.hash("Quarterly") && ada.hash("Quarterly") != ada.hash("quarterly"))
        #expect(ada.hash("Quarterly") != bob.hash("Quarterly"))
        #expect(ada.hash("Quarterly").count == 32 && ada.hash("").count == 32)
        // The same after a restart, read from its file.
        #expect(try directory.store().titleKey(userID: 1000).hash("Quarterly") == ada.hash("Quarterly"))
        var status = stat()
        #expect(stat("\(directory.path)/consent/1000/title.key", &status) == 0)
        #expect(status.st_size == 32 && status.st_mode & 0o777 == 0o600)
    }

    @Test func whatWasHashedWithADestroyedKeyCannotBeHashedAgain() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        let old = try store.titleKey(userID: 1000).hash("Quarterly")
        try store.destroyTitleKey(userID: 1000)
        #expect(access("\(directory.path)/consent/1000/title.key", F_OK) != 0)
        #expect(try store.titleKey(userID: 1000).hash("Quarterly") != old)
        // And where there is none.
        try store.destroyTitleKey(userID: 1001)
    }

    /// The bytes themselves, where a file system writes in place: another name for the same file shows them.
    @Test func aDestroyedKeyIsOverwritten() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        _ = try store.titleKey(userID: 1000)
        let path = "\(directory.path)/consent/1000/title.key"
        #expect(link(path, "\(directory.path)/kept") == 0)
        try store.destroyTitleKey(userID: 1000)
        #expect(try directory.read("kept").utf8.allSatisfy { $0 == 0 } && directory.read("kept").utf8.count == 32)
    }

    @Test(arguments: [0o644, 0o660] as [mode_t])
    func aKeyThatOthersMayReadIsNone(mode: mode_t) throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        _ = try store.titleKey(userID: 1000)
        chmod("\(directory.path)/consent/1000/title.key", mode)
        #expect(throws: ConsentError.self) { try store.titleKey(userID: 1000) }
    }

    @Test func aFileOfAnotherLengthIsNoKey() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        _ = try store.titleKey(userID: 1000)
        try directory.write("consent/1000/title.key", "short")
        #expect(throws: ConsentError.self) { try store.titleKey(userID: 1000) }
    }

    @Test func rulesAreKept() throws {
        let directory = try StateDirectory()
        let store = try directory.store()
        #expect(try store.rules(userID: 1000) == nil)
        try store.setRules("[[rule]]\n", userID: 1000)
        #expect(try directory.store().rules(userID: 1000) == "[[rule]]\n")
        #expect(try store.rules(userID: 1001) == nil)
        try store.setRules("", userID: 1000)
        #expect(try store.rules(userID: 1000) == nil)
    }
}
