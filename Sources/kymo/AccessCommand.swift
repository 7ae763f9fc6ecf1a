import ArgumentParser
import Consent
import Glibc
import JournalAccess

struct AccessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access",
        abstract: "Show who has read what was recorded of you, and what they asked for.",
        discussion: """
            A line for each time: members of kymograph-readers, who read everybody's recordings, and yourself. Root sees \
            every line. Whoever is root, or holds a copy of the files, can read without leaving a line.
            """)

    @OptionGroup var control: ControlArguments

    func run() throws {
        var out = StandardOutput()
        for line in try Self.lines(control) { try out.print(line) }
        try out.flush()
    }

    static func lines(_ control: ControlArguments) throws -> [String] {
        // Root is never recorded, so that the recorder has nothing to tell about them.
        guard geteuid() == 0 else {
            return try control.ask(.accesses).split(separator: "\n").map(String.init)
        }
        do throws(AccessLogError) {
            return try AccessLog().lines(concerning: nil)
        } catch {
            throw fail("\(error)")
        }
    }
}
