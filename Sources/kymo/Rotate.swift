import ArgumentParser
import Journal
import SystemPackage

struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the recorder close the segment that it writes, and begin a new one.",
        discussion: """
            Closed segments do not change any more: they can be copied and archived. Waits until it is done, and says \
            which segment is written now.
            """)

    @OptionGroup var journal: JournalArguments

    func run() throws {
        // A directory that cannot be read is a clearer answer than "no recorder".
        _ = try journal.reader(from: .end)
        guard let recorder = RecorderProcess(of: FilePath(journal.journal)) else {
            throw fail(RotationError.noRecorder.description)
        }
        do throws(RotationError) {
            let name = try recorder.rotate()
            var out = StandardOutput()
            try? out.print("process \(recorder.processID) writes \(name.fileName) now")
            try? out.flush()
        } catch {
            throw fail(error.description)
        }
    }
}
