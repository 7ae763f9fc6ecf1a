import ArgumentParser

struct AccessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access",
        abstract: "Show who has read the journal through kymograph-reader, and what they asked for.",
        discussion: """
            For root, members of kymograph-readers, and those who are recorded. Whoever is root can read the files \
            themselves, and leaves no line here.
            """)

    func run() throws {
        guard let code = try ReaderService.run(["access"]) else {
            throw fail("kymograph-reader does not listen; systemctl start kymograph-reader.socket")
        }
        if code != 0 { throw ExitCode(code) }
    }
}
