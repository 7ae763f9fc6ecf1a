import ArgumentParser
import Events
import FoundationEssentials

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what recording needs, and say of what is wrong which command mends it.",
        discussion: """
            Exit code 0: all is well, or there are remarks only; 1: something is wrong. Run it in the session that is to \
            be recorded; as root it looks at the session that owns the seat.
            """)

    @Option(name: .long, help: "Where kymographd answers.")
    var socket = RecorderStatus.defaultSocket

    @Option(name: .long, help: "The configuration that the recorder is given.")
    var config = "/etc/kymograph/kymograph.toml"

    @Flag(name: .long, help: "One object per line: concern, verdict (ok, remark, wrong), finding, remedy.")
    var json = false

    func run() throws {
        let findings = examine()
        var out = StandardOutput()
        for finding in findings { try json ? out.print(bytes: finding.json()) : out.print(finding.text) }
        try out.flush()
        if findings.contains(where: { $0.verdict == .wrong }) { throw Outcome.damaged }
    }

    /// In the order in which one thing needs the other: what is wrong first is mended first.
    private func examine() -> [Finding] {
        let status = Result { () throws(StatusError) in try RecorderStatus.ask(socket) }
        let recorder = try? status.get()
        var findings = checkAccounts()
        findings += checkConfiguration(config)
        findings += checkUnits()
        findings += checkRules()
        findings += checkDevices(recorder)
        findings += checkSeat()
        findings += checkRecorder(status)
        findings += checkConsent(recorder)
        findings += checkAgent(recorder)
        findings += checkIndicator(recorder)
        findings += checkAccessibility()
        findings += checkDisk(recorder)
        findings += checkClock()
        return findings
    }
}

/// One line of the examination.
struct Finding: Encodable {
    enum Verdict: String, Encodable { case ok, remark, wrong }

    var concern: String
    var verdict: Verdict
    /// What is so: lower case, one sentence.
    var finding: String
    /// The command, or the setting, that mends it.
    var remedy: String?

    static func ok(_ concern: String, _ finding: String) -> Finding {
        Finding(concern: concern, verdict: .ok, finding: finding)
    }

    static func remark(_ concern: String, _ finding: String, _ remedy: String) -> Finding {
        Finding(concern: concern, verdict: .remark, finding: finding, remedy: remedy)
    }

    static func wrong(_ concern: String, _ finding: String, _ remedy: String) -> Finding {
        Finding(concern: concern, verdict: .wrong, finding: finding, remedy: remedy)
    }

    fileprivate var text: String {
        func filled(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
        }
        let line = "\(filled(verdict.rawValue, 6))  \(filled(concern, 13))  \(finding.visible)"
        return remedy.map { "\(line)\n\(String(repeating: " ", count: 23))→ \($0.visible)" } ?? line
    }

    fileprivate func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
