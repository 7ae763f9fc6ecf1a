import AgentProtocol
import CLinuxShim
import Configuration
import Devices
import EventLoop
import Events
import Glibc
import Journal
import Logging
import Policy
import SystemPackage

/// The input thread: devices and sockets in, decisions, the ring out. It never compresses and never syncs.
final class Recorder {
    let subject: Subject
    let gate: Gate
    let journal: JournalWriter
    private let loop: EventLoop
    private let signals: SignalDescriptor
    private let source: InputSource
    private let session: SeatSession
    private let clock = ClockWatch()
    private(set) var agent: AgentPort!
    private var statusPort: StatusPort!
    private(set) var outlet: Outlet
    private var pace = Pace()
    private var service = ServiceNotification()
    var deviceCount: Int { source.deviceCount }
    private(set) var kernelLossCount = 0
    private var knownWriteFailures: UInt64 = 0
    /// Chunks written when a write failed; nil while writing works.
    private var chunksAtFailure: UInt64?
    /// By then everything has been called once that is called at all: devices, the agent's greeting, a chunk, a sync.
    private static let startMicroseconds: UInt64 = 2_000_000
    /// When what only the start needed leaves memory; nil: it has.
    private var startEndsMicroseconds: UInt64?
    /// Why nothing is recorded; nil while recording.
    private(set) var idleReason: String? = "starting"

    init(configuration: Configuration, subject: Subject) throws {
        self.subject = subject
        loop = try EventLoop()
        // Before any thread: signals go to this loop alone.
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGUSR1])
        gate = try Gate(rules: configuration.rules)
        session = SeatSession(seat: configuration.seat)
        journal = try JournalWriter(
            directory: FilePath(configuration.journalDirectory), options: configuration.journalOptions,
            origin: SegmentOrigin(subject: subject.name, userID: subject.userID))
        outlet = Outlet(journal: journal)
        source = try InputSource(seat: configuration.seat)
        try openPorts(configuration)
        try watch()
    }

    private func openPorts(_ configuration: Configuration) throws {
        agent = try AgentPort(
            path: configuration.agentSocket, loop: loop, trustedUserID: { [unowned self] in trustedUserID },
            handlers: AgentPort.Handlers(
                connected: { [unowned self] in gate.agentConnected(nowMicroseconds: kymo_monotonic_microseconds()) },
                lost: { [unowned self] in gate.agentLost(nowMicroseconds: kymo_monotonic_microseconds()) },
                message: { [unowned self] in take($0) }))
        statusPort = try StatusPort(path: configuration.statusSocket, loop: loop) { [unowned self] in
            StatusLine(self).json
        }
    }

    private func watch() throws {
        try loop.add(source.fileDescriptor) { [unowned self] in dispatch() }
        if let descriptor = session.descriptor {
            try loop.add(descriptor) { [unowned self] in
                session.acknowledge()
                sessionChanged()
            }
        }
        if clock.descriptor >= 0 {
            try loop.add(clock.descriptor) { [unowned self] in
                clock.acknowledge()
                noticeClock()
            }
        }
        try loop.add(signals.descriptor) { [unowned self] in
            switch signals.next() {
            case nil: break
            case SIGUSR1: journal.rotate()
            default: loop.isRunning = false
            }
        }
    }

    // MARK: the loop

    func run() {
        takePriority()
        openingRecord()
        sessionChanged()
        // Only now are the devices open: what was typed while they were being opened is missing too.
        gapRecords()
        service.ready(status: idleReason ?? "recording")
        startEndsMicroseconds = kymo_monotonic_microseconds() + Self.startMicroseconds
        while loop.isRunning {
            let gather = pace.gatherMicroseconds
            if gather > 0 { usleep(UInt32(gather)) }
            loop.turn(untilMicroseconds: nextDeadline)
            // Before what was held is written: the kernel wakes this thread for a key before it tells of the resume.
            noticeClock()
            decide()
        }
        stop()
    }

    /// The kernel keeps 64 entries for a reader of a mouse, 2.7 ms at 8 kHz: on a busy machine a thread waits longer than
    /// that for its turn. The lowest real-time priority is enough, since it only has to come before what is not real-time;
    /// the kernel stops a runaway one at 95 % (sched_rt_runtime_us). The journal's thread stays as it is.
    private func takePriority() {
        guard kymo_realtime_thread(1) < 0 else { return }
        log(
            .notice,
            "no real-time priority for the input thread (LimitRTPRIO=1 in the unit gives it); a busy machine may cost "
                + "reports, which will be recorded as losses")
    }

    private var nextDeadline: UInt64? {
        var deadline = gate.nextDeadlineMicroseconds
        for other in [source.nextDeadlineMicroseconds, service.deadlineMicroseconds, startEndsMicroseconds] {
            if let other { deadline = min(deadline ?? .max, other) }
        }
        // The ring has no way to say that it has room again; it empties at least every 250 ms.
        if outlet.hasUnwrittenLoss { deadline = min(deadline ?? .max, kymo_monotonic_microseconds() + 250_000) }
        return deadline
    }

    private func decide() {
        let now = kymo_monotonic_microseconds()
        source.expire(now: now) { take($0) }
        gate.advance(nowMicroseconds: now) { outlet.write($0) }
        if let probe = gate.probeDue(nowMicroseconds: now) { agent.send(.probe(id: probe)) }
        if outlet.hasUnwrittenLoss { outlet.settle() }
        tellOfWriteFailures()
        service.ping(nowMicroseconds: now)
        if let end = startEndsMicroseconds, now >= end {
            startEndsMicroseconds = nil
            // A third of a millisecond; then a fault of some microseconds for each stretch of code that is used again.
            kymo_shed_start()
        }
    }

    /// Once per spell: the journal's thread tries again every second, and counts what it could not write.
    private func tellOfWriteFailures() {
        let written = journal.statistics
        if written.writeFailures != knownWriteFailures {
            if chunksAtFailure == nil {
                log(
                    .error,
                    "cannot write the journal: \(written.lastFailure.description.lowercased()); what is dropped is "
                        + "recorded as a loss as soon as it can be written again")
            }
            chunksAtFailure = written.chunks
            knownWriteFailures = written.writeFailures
        } else if let chunks = chunksAtFailure, written.chunks > chunks {
            chunksAtFailure = nil
            log(.notice, "the journal is written again")
        }
    }

    private func dispatch() {
        var count = 0
        source.dispatch { signal in
            count += 1
            take(signal)
        }
        pace.dispatched(
            events: count, fullestShare: source.fullestShare, nowMicroseconds: kymo_monotonic_microseconds())
    }

    private func take(_ signal: consuming DeviceSignal) {
        switch signal {
        case .event(let event):
            if !event.payload.isInput { note(event) }
            gate.hold(event)
        case .keysDownAtOpen(let device, let codes): gate.keysWereDown(codes, on: device)
        case .problem(let problem): log(.warning, "\(problem)")
        }
    }

    private func note(_ event: Event) {
        switch event.payload {
        case .deviceAdded(let device):
            log(.info, "device \(event.device) added: \(device.sysname)")
        case .deviceRemoved(let device):
            log(.info, "device \(event.device) removed: \(device.sysname)")
        case .loss(let loss):
            kernelLossCount += 1
            log(.warning, "the kernel dropped reports of \(loss.detail); recorded as a loss")
        default: break
        }
    }

    private func take(_ message: AgentMessage) {
        let now = kymo_monotonic_microseconds()
        switch message {
        case .hello: break
        case .focus(let report):
            gate.focusChanged(report.focusDescription, receivedMicroseconds: min(report.timeMicroseconds, now))
        case .layout(let report):
            gate.layoutChanged(report.description, table: report.table, receivedMicroseconds: now)
        case .watermark(let mark):
            let isAnswer = gate.watermark(
                probe: mark.probe, sentMicroseconds: mark.sentMicroseconds,
                answeredMicroseconds: mark.answeredMicroseconds, nowMicroseconds: now)
            if !isAnswer { log(.warning, "the agent confirmed what was not asked; ignored") }
        case .backendState(let state):
            log(.notice, "the agent's compositor is \(state.isUsable ? "usable" : "not usable"): \(state.reason)")
        }
    }

    // MARK: the session on the seat

    /// The uid whose agent is believed and whose input is recorded: the subject's, while they own the seat.
    private var trustedUserID: uid_t? { session.activeUserID == subject.userID ? subject.userID : nil }

    private func sessionChanged() {
        let isActive = trustedUserID != nil
        // Before the time is taken: what is typed while devices are being opened reaches nobody, and belongs to the span in
        // which nothing was recorded.
        if isActive { source.resume() }
        let now = kymo_monotonic_microseconds()
        if isActive != gate.isOpen || idleReason == "starting" {
            write(
                account: Event(
                    timeMicroseconds: now,
                    payload: .session(
                        SessionDescription(subject: subject.name, userID: subject.userID, isActive: isActive))))
            idleReason = isActive ? nil : "\(subject.name) has no active session on the seat"
            log(.notice, idleReason.map { "not recording: \($0)" } ?? "recording the input of \(subject.name)")
            service.status(idleReason ?? "recording")
        }
        gate.setOpen(isActive, nowMicroseconds: now) { outlet.write($0) }
        // Closed, not filtered: while nothing may be recorded no device node is open.
        if isActive {
            dispatch()
            if deviceCount == 0 { log(.notice, "no input device can be read yet; waiting for one") }
        } else {
            source.suspend { take($0) }
        }
        agent.reconsider()
    }

    // MARK: accounts of the recorder itself

    private func write(account event: Event) {
        if let permitted = PermittedEvent(account: event) { outlet.write(permitted) }
    }

    /// A segment has one pair of clocks: after a step or a resume the next one gets the new pair, and the reason for it.
    private func noticeClock() {
        guard let reason = clock.change() else { return }
        journal.rotate()
        write(account: ClockWatch.pair(reason))
        log(.notice, reason == .resume ? "the machine slept" : "the clock was set")
    }

    private func openingRecord() {
        write(account: ClockWatch.pair(.start))
        write(
            account: Event(
                timeMicroseconds: kymo_monotonic_microseconds(),
                payload: .recorder(
                    RecorderState(
                        isRunning: true, version: kymographVersion, libinputVersion: InputSource.libinputVersion))))
    }

    /// What a recorder that did not stop by itself has left missing.
    private func gapRecords() {
        guard let recovery = journal.recovery else { return }
        let now = kymo_monotonic_microseconds()
        let start = recovery.isSameBoot ? recovery.lastMicroseconds : 0
        func loss(_ reason: LossReason, _ detail: String) {
            outlet.write(
                PermittedEvent(
                    loss: Loss(
                        reason: reason, startMicroseconds: min(start, now), endMicroseconds: now, count: nil,
                        detail: detail)))
        }
        loss(.crash, "segment \(recovery.segment)")
        if recovery.tornBytes > 0 { loss(.tornTail, "\(recovery.tornBytes) bytes of segment \(recovery.segment)") }
    }

    private func stop() {
        service.stopping()
        source.suspend { take($0) }
        let now = kymo_monotonic_microseconds()
        gate.stop(nowMicroseconds: now) { outlet.write($0) }
        write(
            account: Event(
                timeMicroseconds: now,
                payload: .recorder(
                    RecorderState(
                        isRunning: false, version: kymographVersion, libinputVersion: InputSource.libinputVersion))))
        // The account of what the ring did not take goes behind what it holds; the journal's thread empties it.
        while outlet.hasUnwrittenLoss {
            outlet.settle()
            usleep(1000)
        }
        journal.stop()
        log(.notice, "stopped")
    }
}
