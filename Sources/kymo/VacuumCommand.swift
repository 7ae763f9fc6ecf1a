import ArgumentParser
import CLinuxShim
import Export
import Journal
import SystemPackage

struct VacuumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum",
        abstract: "Delete the oldest closed segments.",
        discussion: """
            Until the journal is no bigger than --size, and has no closed segment whose last record is older than --age. \
            Only whole segments go, the oldest first, and never one that is open; what recovery cut off one (.torn) counts \
            and goes with it. The recorder does the same by itself within the limits of its configuration.
            """)

    @OptionGroup var journal: JournalArguments

    @Option(name: .long, help: "Keep at most this much: 500M, 2G.")
    var size: String?

    @Option(name: .long, help: "Keep what is younger than this: 30d, '2 weeks', 12h.")
    var age: String?

    @Flag(name: .long, help: "Say what would be deleted, and delete nothing.")
    var dryRun = false

    func validate() throws {
        if size == nil, age == nil { throw ValidationError("--size or --age: what is to be kept?") }
        if let size, ByteSize.parse(size) == nil {
            throw ValidationError("--size '\(size)': expected 500M, 2G, 800000")
        }
        if let age, Moment.spanMicroseconds(age) == nil {
            throw ValidationError("--age '\(age)': expected 30d, '2 weeks', 12h")
        }
    }

    func run() throws {
        do {
            let vacuum = try Vacuum(directory: FilePath(journal.journal))
            let now = Int64(kymo_realtime_microseconds())
            let oldest = age.flatMap(Moment.spanMicroseconds).map { UInt64(max(now - $0, 0)) }
            try delete(vacuum.surplus(bytes: size.flatMap(ByteSize.parse), before: oldest), of: vacuum)
        } catch let error as JournalError {
            throw fail("\(error)")
        }
    }

    private func delete(_ files: [Vacuum.File], of vacuum: Vacuum) throws {
        var out = StandardOutput()
        var moment = LocalMoment()
        var bytes: UInt64 = 0
        for file in files {
            if !dryRun {
                do {
                    try vacuum.delete(file)
                } catch let errno as Errno {
                    try out.flush()
                    throw fail("cannot delete \(file.name): \(errno.description.lowercased())")
                }
            }
            bytes += file.bytes
            try out.print(
                "\(dryRun ? "would delete" : "deleted") \(file.name), \(ByteSize.text(file.bytes)), "
                    + "until \(moment.text(file.lastRealtimeMicroseconds))")
        }
        if !dryRun, !files.isEmpty { try vacuum.finish() }
        try out.print(
            "\(counted(UInt64(files.count), "file")), \(ByteSize.text(bytes)) \(dryRun ? "would be deleted" : "deleted"); "
                + "\(ByteSize.text(vacuum.totalBytes - bytes)) \(dryRun ? "would be" : "are") left")
        try out.flush()
    }
}
