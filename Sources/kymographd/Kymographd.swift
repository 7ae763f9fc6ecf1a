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

    func run() throws {
        openLog(program: "kymographd")
        do {
            let configuration = try Configuration.load(path: config)
            if checkConfig {
                print("\(config): ok")
                return
            }
            // What waits for a decision is in memory; nobody but root looks into it, and no core file is made of it.
            guard kymo_undumpable() == 0 else {
                throw StartError.memory(errno: errno)
            }
            guard let subject else {
                throw ValidationError("--subject USER is needed: it says whose input is recorded")
            }
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
