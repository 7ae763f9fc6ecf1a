import AgentProtocol
import CLinuxShim
import Configuration
import Consent
import Devices
import EventLoop
import Events
import Glibc
import Journal
import JournalAccess
import Logging
import Policy
import SystemPackage

/// The input thread: devices and sockets in, decisions, the ring out. It never compresses and never syncs.
final class Recorder {
    let gate: Gate
    let titles: TitleHashes
    let journal: JournalWriter
    private let loop: EventLoop
    private let signals: SignalDescriptor
    let source: InputSource
    var presence: Presence!
    let errands: Errands
    var desk: SubjectDesk!
    let policy: RuleSet
    private(set) var ownRules: OwnRules!
    /// When the own rules of the person at the seat are to be looked at again (CLOCK_MONOTONIC, µs); nil: they name no hour.
    var rulesEndMicroseconds: UInt64?
    private var front: FrontDesk!
    private var controlPort: ControlPort!
    /// Whose records the journal takes now.
    var origin = SegmentOrigin.nobody
    /// The receipt under which was recorded last; empty: none yet.
    var receipt = ""
    /// Of the person at the seat; nil: none.
    var pause: Pause?
    /// As it was acted upon last.
    var verdict = Permission.Verdict.closed(.starting)
    var reports = LastReports()
    /// As the agent was told it last; 0: none.
    var toldInteractionWindow: UInt64 = 0
    private let clock = ClockWatch()
    private(set) var agent: AgentPort!
    private var statusPort: StatusPort!
    var outlet: Outlet
    /// CLOCK_MONOTONIC, µs; nil: no pause, or one without an end.
    var pauseEndMicroseconds: UInt64?
    private var pace = Pace()
    var service = ServiceNotification()
    var deviceCount: Int { source.deviceCount }
    private(set) var kernelLossCount = 0
    /// CLOCK_MONOTONIC.
    let startMicroseconds = kymo_monotonic_microseconds()
    private var knownWriteFailures: UInt64 = 0
    /// Chunks written when a write failed; nil while writing works.
    private var chunksAtFailure: UInt64?
    /// By then everything has been called once that follows: devices, the agent's greeting, a chunk, a sync.
    private static let seldomMicroseconds: UInt64 = 2_000_000
    /// When what was needed for something seldom leaves memory; nil: it has.
    private var shedMicroseconds: UInt64?
    /// Who has the seat; empty: nobody who could be recorded.
    var subject: String { presence.permission.presentSession?.subject ?? "" }
    var isIndicatorShown: Bool { presence.permission.isIndicatorShown }
    /// Why nothing is recorded; nil while recording.
    var idleReason: String? { verdict.closure.map { "\($0)" } }
    /// The same for programs: the name of a suppression's reason.
    var idleKind: String? { verdict.closure.map { Tally.name(of: $0.reason) } }

    init(configuration: Configuration) throws {
        loop = try EventLoop()
        let passed = try PassedSockets()
        // Before any thread: signals go to this loop alone.
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGUSR1])
        let titles = TitleHashes()
        self.titles = titles
        gate = try Gate(rules: configuration.rules, titleHash: { titles.hash($0) })
        errands = try Errands(loop: loop)
        let host = try Host()
        let store = try ConsentStore(directory: configuration.consentDirectory, machineID: host.machineID)
        journal = try JournalWriter(
            directory: FilePath(configuration.journalDirectory), options: configuration.journalOptions, origin: .nobody)
        outlet = Outlet(journal: journal)
        source = try InputSource(seat: configuration.seat)
        policy = configuration.rules
        let polkit = Polkit { [unowned self] in presence.bus }
        front = try desks(configuration, store, host, polkit)
        presence = Presence(
            seat: configuration.seat, loop: loop, standing: { [unowned self] in standing(of: $0) },
            changed: { [unowned self] in presenceChanged() },
            busLost: { [unowned self] in
                polkit.busLost()
                agent.busLost()
            })
        try openPorts(configuration, passed)
        try watch()
    }

    /// Whoever answers on the control socket.
    private func desks(
        _ configuration: Configuration, _ store: ConsentStore, _ host: Host, _ polkit: Polkit
    ) throws -> FrontDesk {
        let deliveries = try Deliveries(loop: loop)
        ownRules = OwnRules(store: store, errands: errands, changed: { [unowned self] in rulesChanged(of: $0) })
        desk = SubjectDesk(
            configuration: configuration, store: store, host: host, errands: errands, polkit: polkit,
            changed: { [unowned self] in decided(by: $0, $1) })
        let eraser = Eraser(
            store: store, errands: errands, deliveries: deliveries,
            needsKey: { [unowned self] in $0 == presence.presentUserID && titles.key != nil },
            order: { [unowned self] in forget($0, of: $1, key: $2, $3) })
        let readings = Readings(
            journal: FilePath(configuration.journalDirectory), store: store,
            accessLog: AccessLog(path: configuration.accessLogPath), polkit: polkit, errands: errands,
            deliveries: deliveries)
        return FrontDesk(consents: desk, eraser: eraser, rules: ownRules, readings: readings)
    }

    private func openPorts(_ configuration: Configuration, _ passed: PassedSockets) throws {
        agent = try AgentPort(
            path: configuration.agentSocket, passed: passed["agent"], loop: loop,
            trustedUserID: { [unowned self] in presence.presentUserID },
            sessionOf: { [unowned self] in presence.session(ofProcess: $0, reply: $1) },
            handlers: AgentPort.Handlers(
                connected: { [unowned self] in agentConnected() },
                lost: { [unowned self] in agentLost() },
                message: { [unowned self] in take($0) }))
        controlPort = try ControlPort(path: configuration.controlSocket, loop: loop) { [unowned self] in
            front.answer($0, $1)
            seldomDone()
        }
        statusPort = try StatusPort(path: configuration.statusSocket, loop: loop) { [unowned self] in
            seldomDone()
            return StatusLine(self).json
        }
    }

    private func watch() throws {
        try loop.add(source.fileDescriptor) { [unowned self] in dispatch() }
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
        // One moment for all three: between the end of the gap and the beginning of the span in which nothing may be
        // recorded yet, a key would be accounted for by nothing.
        let now = kymo_monotonic_microseconds()
        openingRecord(now)
        gapRecords(now)
        act(on: verdict, atMicroseconds: now)
        service.ready(status: idleReason ?? "recording")
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
    ///
    /// The unit gives it at the start (CPUSchedulingPolicy=), so that the system call that takes it can be forbidden;
    /// without the unit it is taken here.
    private func takePriority() {
        guard kymo_realtime_thread(1) < 0 else { return }
        log(
            .notice,
            "no real-time priority for the input thread (CPUSchedulingPolicy=rr in the unit gives it); a busy machine "
                + "may cost reports, which will be recorded as losses")
    }

    /// A start, a decision, another person at the seat, a question about its figures: signatures, parsers and D-Bus are megabytes of code that the hours
    /// that follow do not need.
    func seldomDone() { shedMicroseconds = kymo_monotonic_microseconds() + Self.seldomMicroseconds }

    private var nextDeadline: UInt64? {
        // At every turn: one after the other, since a loop over them would make an array each time.
        var deadline = gate.nextDeadlineMicroseconds ?? .max
        deadline = min(deadline, source.nextDeadlineMicroseconds ?? .max)
        deadline = min(deadline, service.deadlineMicroseconds ?? .max)
        deadline = min(deadline, pauseEndMicroseconds ?? .max)
        deadline = min(deadline, shedMicroseconds ?? .max)
        deadline = min(deadline, rulesEndMicroseconds ?? .max)
        // The ring has no way to say that it has room again; it empties at least every 250 ms.
        if outlet.hasUnwrittenLoss { deadline = min(deadline, kymo_monotonic_microseconds() + 250_000) }
        return deadline == .max ? nil : deadline
    }

    private func decide() {
        let now = kymo_monotonic_microseconds()
        source.expire(now: now) { take($0) }
        gate.advance(nowMicroseconds: now) { outlet.write($0) }
        if let probe = gate.probeDue(nowMicroseconds: now) { agent.send(.probe(id: probe)) }
        tellInteractionWindow()
        if outlet.hasUnwrittenLoss { outlet.settle() }
        tellOfWriteFailures()
        service.ping(nowMicroseconds: now)
        if let end = pauseEndMicroseconds, now >= end { endPauseIfOver() }
        if let end = rulesEndMicroseconds, now >= end { applyOwnRules() }
        if let end = shedMicroseconds, now >= end {
            shedMicroseconds = nil
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

    func dispatch() {
        var count = 0
        source.dispatch { signal in
            count += 1
            take(signal)
        }
        pace.dispatched(
            events: count, fullestShare: source.fullestShare, nowMicroseconds: kymo_monotonic_microseconds())
    }

    func take(_ signal: consuming DeviceSignal) {
        switch signal {
        case .event(let event):
            if !event.payload.isInput { note(event) }
            if toldInteractionWindow != 0 { askOfPress(event) }
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

    // MARK: accounts of the recorder itself

    /// A segment has one pair of clocks: after a step or a resume the next one gets the new pair, and the reason for it.
    private func noticeClock() {
        guard let reason = clock.change() else { return }
        journal.rotate()
        write(account: ClockWatch.pair(reason))
        // How long a pause lasts is told by clocks, and which hour it is.
        setPauseEnd()
        applyOwnRules()
        log(.notice, reason == .resume ? "the machine slept" : "the clock was set")
    }

    private func stop() {
        service.stopping()
        errands.settle()
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
