import ArgumentParser
import Export
import Journal

struct Show: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(abstract: "Show what was recorded, oldest first.")

    @OptionGroup var journal: JournalArguments
    @OptionGroup var place: PlaceArguments
    @OptionGroup var selection: QueryArguments
    @OptionGroup var form: OutputArguments

    func run() throws {
        let query = try selection.query()
        let reader = try journal.reader(from: place.start ?? selection.start(query))
        var printer = Printer(query: query, form: form)
        while let item = try next(reader), try printer.take(item) {}
        try printer.end()
    }
}

/// The next item; trouble with the directory ends the command.
func next(_ reader: JournalReader) throws -> JournalItem? {
    do {
        return try reader.next()
    } catch {
        throw fail("\(error)")
    }
}
