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
        abstract: "Records the input of one person's session, attributed to windows, into a journal.",
        version: kymographVersion)

    @Option(name: .long, help: "The configuration file; drop-ins are read from FILE.d.")
    var config = Configuration.defaultPath

    @Flag(name: .long, help: "Read the configuration, say what is wrong with it, and exit.")
    var checkConfig = false

    @Option(
        name: .long,
        help: "Login name of the person whose input is recorded. Until consent exists, nothing is recorded without it.")
    var subject: String?

    static func main() {
        // The dynamic linker has read every relocation and symbol there is: megabytes that nobody reads again.
        kymo_shed_start()
        main(nil)
    }

    func run() throws {
        // And so have the parser of the command line, and below that of the configuration.
        kymo_shed_start()
        openLog(program: "kymographd")
        do {
            let configuration = try Configuration.load(path: config)
            if checkConfig {
                print("\(config): ok")
                return
            }
            guard let subject else {
                throw ValidationError("--subject USER is needed: it says whose input is recorded")
            }
            kymo_shed_start()
            let recorder = try Recorder(configuration: configuration, subject: Subject(named: subject))
            recorder.run()
        } catch let error as ValidationError {
            throw error
        } catch {
            log(.error, "\(error)")
            throw ExitCode(1)
        }
    }
}
