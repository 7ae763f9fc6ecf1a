import AgentProtocol
import ArgumentParser
import Bus
import CLinuxShim
import EventLoop
import Events
import Fields
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

    static func main() {
        // Before anything is allocated, or a few kilobytes of a stack would take 2 MiB.
        _ = kymo_refuse_huge_pages()
        main(nil)
    }

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
        var fields: FieldWatch?
        var panel: SessionIndicator?
        let compositor = Compositor(
            loop: loop,
            handlers: Compositor.Handlers(
                send: { message in
                    // What the compositor has confirmed goes on once the fields have been looked at.
                    if case .watermark(let mark) = message {
                        fields?.confirmed(mark)
                        return
                    }
                    port?.send(message)
                    if case .focus(let report) = message { fields?.focusChanged(report) }
                }, purpose: { fields?.purposeChanged($0) }, panel: { panel?.panelChanged($0) },
                panelClicked: { panel?.clicked() }))
        let watch = FieldWatch(
            loop: loop, list: TerminalList.load { log(.warning, $0) },
            tellsProcesses: { [unowned compositor] in compositor.tellsProcesses },
            accessibilityChanged: { log(.info, "accessibility: \($0)") }, send: { port?.send($0) })
        fields = watch
        let lock = LockWatch { port?.send($0) }
        let indicator = SessionIndicator(
            loop: loop, send: { port?.send($0) }, showInPanel: { [unowned compositor] in compositor.showInPanel($0) },
            badgeConnected: { [unowned compositor] in compositor.processConnected() })
        panel = indicator
        let session = sessionBus(loop, compositor, watch.accessibility, lock, indicator)
        let service = ServicePort(
            path: socket, loop: loop,
            handlers: ServicePort.Handlers(
                hello: { compositor.hello },
                welcomed: {
                    watch.serviceCame()
                    compositor.serviceCame()
                    indicator.serviceCame()
                },
                probed: {
                    watch.probed()
                    compositor.probe($0)
                }, recording: { indicator.serviceSaid($0) }, interactions: { watch.wantsWidgets(of: $0) },
                pressed: { compositor.askPointer($0) }, clicked: { watch.clicked($0) },
                left: { indicator.serviceLeft() }))
        port = service
        kymo_shed_start()
        while loop.isRunning {
            compositor.actIfDue()
            indicator.actIfDue()
            service.actIfDue()
            session.actIfDue()
            watch.actIfDue()
            let deadlines = [
                compositor.deadlineMicroseconds, indicator.deadlineMicroseconds, service.deadlineMicroseconds,
                session.deadlineMicroseconds, watch.deadlineMicroseconds,
            ].compactMap(\.self)
            loop.turn(untilMicroseconds: deadlines.min())
        }
        compositor.end()
    }

    private func sessionBus(
        _ loop: EventLoop, _ compositor: Compositor, _ accessibility: Accessibility, _ lock: LockWatch,
        _ indicator: SessionIndicator
    ) -> SessionBus {
        SessionBus(
            loop: loop,
            handlers: SessionBus.Handlers(
                connected: { bus in
                    indicator.busCame(bus)
                    compositor.busCame(bus)
                    accessibility.start(on: bus)
                    do {
                        try lock.start(on: bus)
                    } catch {
                        log(.notice, "\(error); a lock screen is known from logind alone")
                    }
                },
                lost: {
                    indicator.busLeft("the session's bus is gone")
                    compositor.busLeft()
                    lock.stop()
                    accessibility.lostSession()
                },
                absent: {
                    indicator.busLeft($0)
                    compositor.busLeft()
                    lock.stop()
                    accessibility.sessionHasNoBus($0)
                }))
    }
}
