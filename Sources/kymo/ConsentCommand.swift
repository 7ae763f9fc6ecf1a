import ArgumentParser
import Consent
import Events
import FoundationEssentials
import Glibc

struct ConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "See what you are asked to consent to; give, and take back, your consent.",
        discussion: "Always about yourself: no option names another person.",
        subcommands: [ShowConsent.self, Grant.self, Withdraw.self, ReceiptCommand.self, VerifyReceipt.self])
}

extension ControlArguments {
    func view() throws -> ConsentView {
        do {
            return try ConsentView(text: try ask(.show))
        } catch let error as ReceiptError {
            throw fail("\(control) answers what is not understood: \(error)")
        }
    }
}

extension ConsentView {
    /// The notice, and the policy in words.
    fileprivate func printAll() throws {
        var out = StandardOutput()
        for line in notice.split(separator: "\n", omittingEmptySubsequences: false) {
            try out.print(String(line).visible)
        }
        try out.print("The policy in force (for every app the strictest line that matches it):")
        for line in policy.split(separator: "\n").dropFirst() { try out.print("  " + String(line).visible) }
        try out.print("")
        try out.flush()
    }
}

struct ShowConsent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The notice, the policy in force, and whether you have consented to them.")
    @OptionGroup var control: ControlArguments

    func run() throws {
        let view = try control.view()
        try view.printAll()
        print(
            view.receipt.isEmpty
                ? "No consent of \(view.subject.visible) is in force: \(view.reason.visible)"
                : "\(view.subject.visible) has consented: receipt \(view.receipt)")
    }
}

struct Grant: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the notice and the policy, and consent to them, at a terminal, with your password.")
    @OptionGroup var control: ControlArguments

    /// Typed by the person, whole: a key pressed by mistake is no consent.
    private static let answer = "I consent"

    func run() throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw fail("consent is given at a terminal, by the person who is recorded: no pipe, no file, no script")
        }
        guard getuid() != 0 else { throw fail("root is never recorded; run this as the person who is") }
        let view = try control.view()
        try view.printAll()
        if !view.receipt.isEmpty {
            print("You have consented to this already (receipt \(view.receipt)).")
            return
        }
        print("You are \(view.subject.visible). Until now: \(view.reason.visible).")
        // What was typed before this was shown is no answer to it.
        tcflush(STDIN_FILENO, Int32(TCIFLUSH))
        print(
            "To be recorded in this way, type \"\(Self.answer)\" and Enter; anything else ends this.\n> ",
            terminator: "")
        fflush(nil)
        guard let typed = readLine(), typed == Self.answer else {
            print("Nothing was consented to.")
            throw ExitCode(1)
        }
        let agent = TerminalAgent()
        defer { agent.stop() }
        let receipt = try control.ask(
            .grant(notice: Receipt.hash(view.notice), policy: Receipt.hash(view.policy)), patience: -1)
        let id = (try? Receipt(verifying: receipt))?.id ?? "?"
        print("Thank you. Receipt \(id): kymo consent receipt prints it, kymo consent withdraw takes it back.")
    }
}

struct Withdraw: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take your consent back: recording stops at once, and stays stopped.",
        discussion: """
            Then it asks, at a terminal, whether what was recorded until now is to be erased, as kymo forget --all does it. \
            Your receipt stays: it tells what you consented to, and that you have withdrawn it.
            """)
    @OptionGroup var control: ControlArguments
    @Flag(exclusivity: .exclusive, help: "What to do, without being asked, with what was recorded until now.")
    var fate: Fate?

    enum Fate: EnumerableFlag {
        case erase, keep
    }

    func run() throws {
        // Before anything is asked: whoever thinks about the answer is not recorded meanwhile.
        _ = try control.ask(.withdraw)
        print("Your consent is withdrawn; nothing is recorded any more, also after a restart.")
        fflush(nil)
        let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let erases =
            switch fate {
            case .erase: true
            case .keep: false
            case nil: canAsk && Question.isAffirmed("What was recorded until now is still there. It can be erased.")
            }
        if erases { return try Erasure(control: control).carryOut(.everything) }
        print("What was recorded until now is still there; kymo forget --all erases it.")
    }
}

struct ReceiptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Print your receipt, to keep: kymo consent receipt > receipt.txt")
    @OptionGroup var control: ControlArguments

    func run() throws {
        var out = StandardOutput()
        try out.print(bytes: Array(try control.ask(.receipt).utf8))
        try out.flush()
    }
}

struct VerifyReceipt: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a receipt, without asking anybody. Exit code 1 if it does not hold.",
        discussion: """
            The signature tells that nothing in the receipt was changed. Whose it is, the key tells: compare it with the \
            key of the host (/var/lib/kymograph/consent/host.pub there), or give that with --key.
            """)

    @Argument(help: "The receipt.") var file: String
    @Option(help: "The host's public key, 64 hexadecimal digits.") var key: String?

    func run() throws {
        let text = try Self.read(file)
        let receipt: Receipt
        do throws(ReceiptError) {
            receipt = try Receipt(verifying: text)
        } catch {
            print("\(file.visible): this receipt does not hold: \(error)")
            throw Outcome.damaged
        }
        let signer = receipt.key.hexadecimal
        guard key == nil || key?.lowercased() == signer else {
            print("\(file.visible): signed by another host's key: \(signer)")
            throw Outcome.damaged
        }
        print("\(file.visible): the signature fits\(key == nil ? "; nobody has said whose key it should be" : "")")
        for (name, value) in [
            ("receipt", receipt.id), ("subject", "\(receipt.subject) (uid \(receipt.userID))"),
            ("given", Date(timeIntervalSince1970: Double(receipt.realtimeMicroseconds) / 1e6).ISO8601Format()),
            ("version", receipt.version), ("host", receipt.host), ("key", signer),
            ("notice", "SHA-256 \(Receipt.hash(receipt.notice))"),
            ("policy", "SHA-256 \(Receipt.hash(receipt.policy))"),
        ] {
            print("  \(name)\(String(repeating: " ", count: 8 - name.count)) \(value.visible)")
        }
    }

    private static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fail("cannot read \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= ControlReply.textLimit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw fail("cannot read \(path): \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            print("\(path.visible): this receipt does not hold: it is no UTF-8")
            throw Outcome.damaged
        }
        return text
    }
}
