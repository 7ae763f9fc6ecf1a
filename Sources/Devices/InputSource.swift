import CLibinput
import CLibinputShim
import CLibudev
import CLinuxShim
import Events
import Glibc

/// One thing of a dispatch in which reports were dropped.
private enum Noticed {
    case event(OpaquePointer)
    case drop(DropNotice)
}

/// libinput's udev backend for one seat: every event of every device, and devices as they come and go.
///
/// Owned by one thread. Nodes are opened read-only, whatever libinput asks for: nothing here ever sets an LED.
public final class InputSource {
    private let udev: OpaquePointer
    private let libinput: OpaquePointer
    private let interface: UnsafeMutablePointer<libinput_interface>
    private var devices: [DeviceRecord] = []
    private var nextID: DeviceID = 1
    /// At first: whether anything may be open is not decided yet.
    private var isSuspended = true
    /// What it finds while libinput is calling back, the dispatch that follows hands out.
    private var nodes: DeviceNodes
    /// While devices are closed: what is unplugged meanwhile, and which were open before.
    private var hotplug: HotplugWatch?
    private var closed: [String] = []
    /// Were unplugged while devices were closed; handed out by the dispatch that opens them again.
    private var unplugged: [String] = []
    /// What a dispatch has brought up to its last notice of a drop, in order; the rest still waits in libinput.
    private var noticed: [Noticed] = []
    /// What the desktop says of the person's settings, and who says so.
    private var choices: (list: [DeviceChoice], source: String) = ([], "")
    /// Devices that arrived with the opening wait in libinput's queue.
    private var hasResumed = false
    /// Which dispatch is running: what a device's counts belong to.
    private var dispatchNumber: UInt64 = 0
    /// How full the fullest device's kernel buffer was when the last dispatch emptied it: 0…1, an estimate from above.
    public private(set) var fullestShare = 0.0

    /// Opens no device before the first `resume`.
    /// - Throws: when udev, libinput or the seat cannot be had. A device that cannot be opened is a signal, not an error.
    public init(seat: String) throws(DeviceError) {
        guard let udev = udev_new() else { throw .noUdev }
        interface = .allocate(capacity: 1)
        interface.initialize(
            to: libinput_interface(
                open_restricted: { path, _, context in InputSource.from(context).open(path!) },
                close_restricted: { descriptor, _ in close(descriptor) }))
        // The context is set below, when `self` exists; libinput calls nothing before a seat is assigned.
        let box = UnsafeMutablePointer<Unmanaged<InputSource>?>.allocate(capacity: 1)
        box.initialize(to: nil)
        guard let libinput = libinput_udev_create_context(interface, box, udev) else {
            udev_unref(udev)
            interface.deallocate()
            box.deallocate()
            throw .noContext
        }
        self.udev = udev
        nodes = DeviceNodes(udev)
        self.libinput = libinput
        box.pointee = Unmanaged.passUnretained(self)
        kymo_libinput_set_log(
            libinput,
            { _, line, context in
                guard let line, let notice = DropNotice(String(cString: line)) else { return }
                InputSource.from(context).note(notice)
            }, box)
        guard libinput_udev_assign_seat(libinput, seat) == 0 else { throw .noSeat(seat) }
        libinput_suspend(libinput)
        discardQueue()
    }

    deinit {
        let box = libinput_get_user_data(libinput)
        libinput_unref(libinput)
        udev_unref(udev)
        interface.deallocate()
        box?.deallocate()
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> InputSource {
        context!.assumingMemoryBound(to: Unmanaged<InputSource>?.self).pointee!.takeUnretainedValue()
    }

    /// The version that is loaded, as far as the package that built this knows it.
    public static var libinputVersion: String { String(cString: kymo_libinput_version()) }

    /// Devices that are open now.
    public var deviceCount: Int { devices.count }

    /// Readable when `dispatch` has something to do.
    public var fileDescriptor: Int32 { libinput_get_fd(libinput) }

    private func open(_ path: UnsafePointer<CChar>) -> Int32 {
        isSuspended ? -EACCES : nodes.open(String(cString: path), known: devices)
    }

    // MARK: closing for a while

    /// Closes every device node. What that makes up (removals, releases) is not handed out; losses that were still open
    /// are.
    public func suspend(_ body: (consuming DeviceSignal) -> Void) {
        guard !isSuspended else { return }
        isSuspended = true
        // Before libinput stops looking.
        hotplug = HotplugWatch(udev)
        closed = devices.map(\.sysname)
        libinput_suspend(libinput)
        discardQueue()
        for device in devices {
            finishLoss(of: device, body)
            Unmanaged.passUnretained(device).release()
        }
        devices.removeAll()
        nodes.forget()
        // Who opens them next may be somebody else, with other settings.
        choices = ([], "")
    }

    /// Opens what is there now; every device arrives anew, with the next `dispatch`: no descriptor tells of it. In front of
    /// them comes, as the removal of no device (the numbers of those before ended with the closing), what was unplugged
    /// meanwhile: one of the same name is another.
    public func resume() {
        guard isSuspended else { return }
        isSuspended = false
        hasResumed = true
        libinput_resume(libinput)
        // Behind libinput's beginning to look again.
        let gone = hotplug?.unplugged() ?? []
        unplugged = closed.filter(gone.contains)
        hotplug = nil
    }

    private func discardQueue() {
        for case .event(let event) in noticed { libinput_event_destroy(event) }
        noticed.removeAll()
        while let event = libinput_get_event(libinput) { libinput_event_destroy(event) }
    }

    // MARK: reading

    /// Reads all that is there.
    public func dispatch(_ body: (consuming DeviceSignal) -> Void) {
        dispatchNumber &+= 1
        fullestShare = 0
        for sysname in unplugged {
            body(
                .event(
                    Event(
                        timeMicroseconds: kymo_monotonic_microseconds(),
                        payload: .deviceRemoved(DeviceRemoval(sysname: sysname)))))
        }
        unplugged.removeAll()
        // The person's settings are to be in force before the first of their input is read.
        if hasResumed { while let event = libinput_get_event(libinput) { hand(event, body) } }
        hasResumed = false
        libinput_dispatch(libinput)
        for item in noticed {
            switch item {
            case .event(let event): hand(event, body)
            case .drop(let notice): apply(notice)
            }
        }
        noticed.removeAll()
        while let event = libinput_get_event(libinput) { hand(event, body) }
        while let problem = nodes.takeProblem() { body(.problem(problem)) }
        while let (device, codes) = nodes.takeReopened() { body(.keysDownAtOpen(device, codes)) }
    }

    /// Puts the person's settings in force, on all that is open now and on what comes, until devices are closed. What no
    /// choice means has the device's own defaults. Nothing is opened or closed for it but by the setting `sends`.
    /// - Parameter source: who says so, for the records.
    public func configure(
        _ choices: [DeviceChoice], source: String, _ body: (consuming DeviceSignal) -> Void
    ) {
        guard !isSuspended else { return }
        self.choices = (choices, source)
        for device in devices { configure(device, body) }
        while let (device, codes) = nodes.takeReopened() { body(.keysDownAtOpen(device, codes)) }
    }

    private func configure(_ device: DeviceRecord, _ body: (consuming DeviceSignal) -> Void) {
        let chosen = choice(for: device.handle, device.description)
        // What was never told has never been changed.
        guard chosen != nil || device.settings?.isKnown == true else { return }
        (chosen ?? DeviceSettings()).apply(to: device.handle)
        let notice = SettingsNotice(
            isKnown: chosen != nil, settings: DeviceSettings(inForceOn: device.handle),
            source: chosen == nil ? "" : choices.source)
        guard notice != device.settings else { return }
        device.settings = notice
        body(
            .event(
                Event(
                    timeMicroseconds: kymo_monotonic_microseconds(), device: device.id, payload: .settings(notice))))
    }

    private func choice(for handle: OpaquePointer, _ description: DeviceDescription) -> DeviceSettings? {
        choices.list.first { $0.selector.means(handle, description) }?.settings
    }

    private func hand(_ event: OpaquePointer, _ body: (consuming DeviceSignal) -> Void) {
        translate(event, body)
        libinput_event_destroy(event)
    }

    /// Comes while libinput reads, between the events around the gap. Those before it leave the queue at once: later
    /// nobody could tell them from those after it.
    private func note(_ notice: DropNotice) {
        while let event = libinput_get_event(libinput) { noticed.append(.event(event)) }
        noticed.append(.drop(notice))
    }

    private func apply(_ notice: DropNotice) {
        switch notice {
        case .dropped(let sysname), .flood(let sysname):
            guard let device = devices.first(where: { $0.sysname == sysname }) else { return }
            device.drop.note(
                notice, lastMicroseconds: device.lastMicroseconds, nowMicroseconds: kymo_monotonic_microseconds())
        }
    }

    /// When `expire` has something to do, if nothing happens before.
    public var nextDeadlineMicroseconds: UInt64? {
        var next: UInt64?
        for device in devices {
            if let deadline = device.drop.deadlineMicroseconds { next = min(next ?? .max, deadline) }
        }
        return next
    }

    /// Closes spans of loss whose quiet time has passed.
    public func expire(now: UInt64, _ body: (consuming DeviceSignal) -> Void) {
        for device in devices {
            guard let loss = device.drop.expire(nowMicroseconds: now, detail: device.sysname) else { continue }
            body(.event(Event(timeMicroseconds: now, device: device.id, payload: .loss(loss))))
        }
    }

    private func translate(_ event: OpaquePointer, _ body: (consuming DeviceSignal) -> Void) {
        let handle = libinput_event_get_device(event)!
        switch libinput_event_get_type(event) {
        case LIBINPUT_EVENT_DEVICE_ADDED: return added(handle, body)
        case LIBINPUT_EVENT_DEVICE_REMOVED: return removed(handle, body)
        default: break
        }
        guard let context = libinput_device_get_user_data(handle),
            let (time, payload) = Translation.payload(of: event)
        else { return }
        let device = Unmanaged<DeviceRecord>.fromOpaque(context).takeUnretainedValue()
        if device.drop.startMicroseconds != nil,
            let loss = device.drop.close(atMicroseconds: time, detail: device.sysname)
        {
            body(.event(Event(timeMicroseconds: time, device: device.id, payload: .loss(loss))))
        }
        device.lastMicroseconds = time
        countEntries(of: payload, from: device)
        body(.event(Event(timeMicroseconds: time, device: device.id, payload: payload)))
    }

    @inline(__always) private func countEntries(of payload: Payload, from device: DeviceRecord) {
        if device.dispatch != dispatchNumber {
            device.dispatch = dispatchNumber
            device.entriesTaken = 0
        }
        // Both axes and a SYN_REPORT; of anything else the most that it can be.
        if case .motion = payload { device.entriesTaken += 3 } else { device.entriesTaken += device.buffer.packet }
        fullestShare = max(fullestShare, Double(device.entriesTaken) / Double(device.buffer.entries))
    }

    private func added(_ handle: OpaquePointer, _ body: (consuming DeviceSignal) -> Void) {
        var description = DeviceDescription(handle)
        if choice(for: handle, description) != nil { description.isConfigurationKnown = true }
        let device = DeviceRecord(
            id: nextID, handle: handle, description: description,
            buffer: nodes.takeBuffer(of: description.sysname))
        device.lastMicroseconds = kymo_monotonic_microseconds()
        // 65,535 arrivals in one run: after that numbers would be used twice.
        precondition(nextID < .max, "too many devices in one run; restart the recorder")
        nextID += 1
        devices.append(device)
        libinput_device_set_user_data(handle, Unmanaged.passRetained(device).toOpaque())
        body(
            .event(
                Event(timeMicroseconds: device.lastMicroseconds, device: device.id, payload: .deviceAdded(description)))
        )
        if let codes = nodes.takeKeysDown(on: description.sysname) {
            body(.keysDownAtOpen(device.id, codes))
        }
        configure(device, body)
    }

    private func removed(_ handle: OpaquePointer, _ body: (consuming DeviceSignal) -> Void) {
        guard let context = libinput_device_get_user_data(handle) else { return }
        libinput_device_set_user_data(handle, nil)
        let device = Unmanaged<DeviceRecord>.fromOpaque(context).takeRetainedValue()
        devices.removeAll { $0 === device }
        finishLoss(of: device, body)
        body(
            .event(
                Event(
                    timeMicroseconds: kymo_monotonic_microseconds(), device: device.id,
                    payload: .deviceRemoved(DeviceRemoval(sysname: device.sysname)))))
    }

    private func finishLoss(of device: DeviceRecord, _ body: (consuming DeviceSignal) -> Void) {
        let now = kymo_monotonic_microseconds()
        guard let loss = device.drop.finish(nowMicroseconds: now, detail: device.sysname) else { return }
        body(.event(Event(timeMicroseconds: now, device: device.id, payload: .loss(loss))))
    }
}
