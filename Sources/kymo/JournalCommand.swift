import ArgumentParser

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "List, close and delete the journal's segments.",
        subcommands: [List.self, Rotate.self, VacuumCommand.self])
}
