import ArgumentParser
import CLinuxShim
import EventLoop
import Events
import Glibc
import Logging

@main
struct KymographAgent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kymograph-agent",
        abstract: "Tells kymographd which window of this session owns the keyboard.",
        version: kymographVersion)

    @Option(name: .long, help: "Where kymographd listens.")
    var socket = "/run/kymograph/agent.sock"

    func run() throws {
        openLog(program: "kymograph-agent")
        do {
            try serve()
        } catch {
            log(.error, "\(error)")
            throw ExitCode(1)
        }
    }

    private func serve() throws {
        let loop = try EventLoop()
        let signals = try SignalDescriptor([SIGTERM, SIGINT])
        try loop.add(signals.descriptor) { if signals.next() != nil { loop.isRunning = false } }
        var port: ServicePort?
        let compositor = Compositor(loop: loop) { port?.send($0) }
        let service = ServicePort(
            path: socket, loop: loop, hello: { compositor.hello }, welcomed: { compositor.serviceCame() },
            probed: { compositor.probe($0) })
        port = service
        kymo_shed_start()
        while loop.isRunning {
            compositor.actIfDue()
            service.actIfDue()
            let deadlines = [compositor.deadlineMicroseconds, service.deadlineMicroseconds].compactMap(\.self)
            loop.turn(untilMicroseconds: deadlines.min())
        }
    }
}
