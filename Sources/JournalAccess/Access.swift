/// Who asks, as far as the right to read goes.
public enum Role: String, Sendable, CaseIterable {
    case root
    /// A member of the group `kymograph-readers`: everybody's recordings.
    case reader
    /// A person who is recorded here: their own, after authentication.
    case subject
    case other

    /// - Parameter isSubject: until there is consent, whoever `/etc/kymograph/subject` names.
    public init(userID: UInt32, isReader: Bool, isSubject: Bool) {
        self = userID == 0 ? .root : isReader ? .reader : isSubject ? .subject : .other
    }
}

/// What is done for whom.
public enum Access: Sendable, Equatable {
    /// `kymo` runs with these arguments.
    case read([String])
    /// The list of accesses is shown.
    case log
    /// Nothing is read; the sentence says why, and what to do.
    case refused(String)

    /// The decision, which the log gets before anything is read.
    /// - Parameter journal: the directory that is read, whatever the arguments say.
    public init(_ arguments: [String], by role: Role, journal: String) {
        if arguments == ["access"] {
            self = role == .other ? Self.stranger : .log
            return
        }
        switch role {
        case .other: self = Self.stranger
        case .subject:
            // The seam: polkit's answer belongs here, then only their own closed segments. Without an answer: nothing.
            self = .refused(
                "your own recordings are shown after you have authenticated yourself, for which there is no way yet; "
                    + "kymo access shows who has read them")
        case .root, .reader: self = Self.command(arguments, journal: journal)
        }
    }

    private static let stranger = Access.refused(
        "members of the group kymograph-readers may read the journal, and those who are recorded in it; an "
            + "administrator adds you with: adduser NAME kymograph-readers")

    // MARK: what may be run

    private static let commands: [[String]] = [["show"], ["tail"], ["devices"], ["verify"], ["export"], ["journal", "list"]]

    /// Those that neither write files nor name another journal. A list of what is allowed: an option that comes later is
    /// refused until somebody has thought about it.
    private static let options: Set<String> = [
        "--follow", "-f", "--number", "-n", "--cursor", "--after-cursor", "--since", "--until", "--app", "--kind",
        "--device", "--output", "--all", "--show-cursor", "--no-header", "--help", "-h",
    ]

    private static func command(_ arguments: [String], journal: String) -> Access {
        guard let command = commands.first(where: { arguments.starts(with: $0) }) else {
            return .refused("only what reads is done for others: show, tail, devices, verify, export, journal list")
        }
        for argument in arguments.dropFirst(command.count) where argument.hasPrefix("-") {
            let name = argument.prefix { $0 != "=" }
            guard options.contains(String(name)) else {
                return .refused(
                    "\(name) is not possible here, where the journal is read on your behalf; write to standard output, "
                        + "or run kymo as root")
            }
        }
        return .read(arguments + ["--journal", journal])
    }
}
