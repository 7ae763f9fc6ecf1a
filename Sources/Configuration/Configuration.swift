import Policy

/// What an administrator decides. Defaults are those of docs/kymograph.toml, which lists every key.
public struct Configuration: Sendable, Equatable {
    public static let defaultPath = "/etc/kymograph/kymograph.toml"

    public var seat = "seat0"
    public var journalDirectory = "/var/lib/kymograph/journal"
    public var segmentBytes: UInt64 = 64 << 20
    public var retainBytes: UInt64 = 8 << 30
    /// Nil: no limit.
    public var retainDays: UInt64?
    public var keepFreeBytes: UInt64 = 1 << 30
    public var agentSocket = "/run/kymograph/agent.sock"
    public var statusSocket = "/run/kymograph/status.sock"
    public var controlSocket = "/run/kymograph/control.sock"
    /// Receipts, withdrawals, pauses, and the key that signs them.
    public var consentDirectory = "/var/lib/kymograph/consent"
    public var noticePath = "/etc/kymograph/notice.md"
    /// Who has read what was recorded. kymograph-reader writes to the default, whatever this says.
    public var accessLogPath = "/var/lib/kymograph/access.log"
    /// What people are told before they consent; nil: there is no such file, and nobody can.
    public var notice: String?
    public var rules = RuleSet()

    public init() {}

    /// Reads the file and its drop-ins (`FILE.d/*.toml`, by name): a later file's values replace, its rules add.
    /// A default file that does not exist means defaults; one that was named must exist.
    /// - Throws: every error of every file, not the first alone.
    public static func load(path: String = defaultPath) throws(ConfigurationErrors) -> Configuration {
        var result = Configuration()
        var errors: [ConfigurationError] = []
        for (index, file) in ([path] + dropIns(of: path)).enumerated() {
            do throws(ConfigurationError) {
                let text = try SourceFile.read(file, mayBeMissing: index == 0 && path == defaultPath)
                guard let text else { continue }
                errors += ConfigurationReader(file: file, text: text).apply(to: &result)
            } catch {
                errors.append(error)
            }
        }
        do throws(ConfigurationError) {
            result.notice = try Notice.read(result.noticePath)
        } catch {
            errors.append(error)
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors: errors) }
        return result
    }

    private static func dropIns(of path: String) -> [String] {
        SourceFile.names(in: path + ".d").filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }.sorted()
            .map { "\(path).d/\($0)" }
    }
}

/// One thing that is wrong in a file.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    /// From 1; nil where it is the file itself.
    public var line: Int?
    public var message: String

    public var description: String { "\(file):\(line.map { "\($0):" } ?? "") \(message)" }
}

public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    public var errors: [ConfigurationError]
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
