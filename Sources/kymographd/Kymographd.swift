import ArgumentParser
import CLinuxShim
import Configuration
import Events
import Glibc
import Logging

@main
struct Kymographd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kymographd",
        abstract: "Records the input of whoever has the seat and has consented, attributed to windows, into a journal.",
        version: kymographVersion)

    @Option(name: .long, help: "The configuration file; drop-ins are read from FILE.d.")
    var config = Configuration.defaultPath

    @Flag(name: .long, help: "Read the configuration, say what is wrong with it, and exit.")
    var checkConfig = false

    static func main() {
        // Before anything is allocated. Nothing here is so large and so often walked through that larger pages paid.
        _ = kymo_refuse_huge_pages()
        // The dynamic linker has read every relocation and symbol there is: megabytes that nobody reads again.
        kymo_shed_start()
        main(nil)
    }

    func run() throws {
        // And so have the parser of the command line, and below that of the configuration.
        kymo_shed_start()
        openLog(program: "kymographd")
        // Before the first key. The unit's LimitCORE=0 is not enough: a core that is piped to a program has no limit.
        if kymo_forbid_dumps() < 0 {
            log(.error, "cannot forbid dumps of this process: \(String(cString: strerror(errno)))")
            throw ExitCode(1)
        }
        do {
            let configuration = try Configuration.load(path: config)
            if checkConfig {
                print("\(config): ok")
                return
            }
            kymo_shed_start()
            try Recorder(configuration: configuration).run()
        } catch {
            log(.error, "\(error)")
            throw ExitCode(1)
        }
    }
}
