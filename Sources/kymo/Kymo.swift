import ArgumentParser
import Events
import Glibc

@main
struct Kymo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kymo",
        abstract: "Reads what kymographd has recorded, and decides for yourself whether it may.",
        discussion: """
            Exit codes: 0 done (also when the reader of a pipe goes away); 1 something is missing (the journal is \
            damaged, or was deleted while it was read), and all that can be read was shown; 2 it cannot be done (no \
            journal, no permission, no recorder, no such cursor); 64 the command line is wrong.
            """,
        version: kymographVersion,
        subcommands: [
            Tail.self, Show.self, ExportCommand.self, Devices.self, Status.self, Doctor.self, Metrics.self, Verify.self,
            JournalCommand.self, AccessCommand.self, ConsentCommand.self, PauseCommand.self, ResumeCommand.self,
            ForgetCommand.self, MineCommand.self, RulesCommand.self,
            PrivacyCommand.self,
        ])

    static func main() {
        // A closed pipe is noticed where it is written to.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if let reading = command as? any ReadsJournal, reading.journal.isClosed {
                throw ExitCode(try ReaderService.run(Array(CommandLine.arguments.dropFirst())))
            }
            try command.run()
        } catch {
            exit(withError: error)
        }
    }
}

/// What a command ends with; the list for users is in `kymo --help`.
enum Outcome {
    static let damaged = ExitCode(1)
    static let impossible = ExitCode(2)
}

/// Says why a command cannot go on, and ends it.
func fail(_ reason: String) -> ExitCode {
    let line = "kymo: \(reason.visible)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    return Outcome.impossible
}
