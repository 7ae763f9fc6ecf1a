/// A `kymo` that only reads, as kymograph-reader runs it on behalf of somebody who may read everything, and nothing but
/// this one journal.
public struct Reading: Sendable, Equatable {
    /// Why it is not done; for people.
    public struct Refusal: Error, Equatable { public var reason: String }

    /// Without the program's name.
    public let arguments: [String]

    private static let commands: [[String]] = [
        ["show"], ["tail"], ["devices"], ["verify"], ["export"], ["journal", "list"],
    ]

    /// Those that neither write files nor name another journal. A list of what is allowed: an option that comes later is
    /// refused until somebody has thought about it.
    private static let options: Set<String> = [
        "--follow", "-f", "--number", "-n", "--cursor", "--after-cursor", "--since", "--until", "--app", "--kind",
        "--device", "--output", "--all", "--show-cursor", "--no-header", "--help", "-h",
    ]

    /// - Parameter asked: the words of the command line, without the program's name.
    public init(_ asked: [String], journal: String) throws(Refusal) {
        guard let command = Self.commands.first(where: { asked.starts(with: $0) }) else {
            throw Refusal(
                reason: "only what reads is done for others: show, tail, devices, verify, export, journal list")
        }
        let rest = asked.dropFirst(command.count)
        for argument in rest where argument.hasPrefix("-") {
            let name = String(argument.prefix { $0 != "=" })
            guard Self.options.contains(name) else {
                throw Refusal(
                    reason: "\(name) is not possible here, where the journal is read on your behalf; write to standard "
                        + "output, or run kymo as root")
            }
        }
        arguments = command + ["--journal=\(journal)"] + rest
    }
}
