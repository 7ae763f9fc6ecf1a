import AgentProtocol
import CLinuxShim
import EventLoop
import Events
import Focus
import Glibc
import Logging

/// The compositor of this session, as it comes and goes.
final class Compositor {
    private let loop: EventLoop
    private let send: (AgentMessage) -> Void
    private var backend: WaylandBackend?
    private var sway: SwayIPC?
    private var keymap: Keymap?
    /// Nil: nobody tells the active group.
    private var group: UInt32?
    private var retryMicroseconds: UInt64? = 0
    private var lastComplaint = ""

    init(loop: EventLoop, send: @escaping (AgentMessage) -> Void) {
        self.loop = loop
        self.send = send
    }

    var deadlineMicroseconds: UInt64? { retryMicroseconds }

    var hello: Hello {
        Hello(backend: backend == nil ? "none" : WaylandBackend.name, compositor: backend?.compositorName ?? "")
    }

    /// Everything that is known, for a service that knows nothing.
    func tellAll() {
        guard let backend else {
            send(.backendState(BackendState(isUsable: false, backend: "none", reason: lastComplaint)))
            return send(.focus(FocusReport(timeMicroseconds: kymo_monotonic_microseconds(), state: .unknown)))
        }
        send(
            .backendState(
                BackendState(
                    isUsable: true, backend: WaylandBackend.name,
                    reason: "\(backend.compositorName) offers zwlr_foreign_toplevel_manager_v1")))
        tellLayout()
        backend.repeatReport()
    }

    func probe(_ id: UInt64) {
        guard let backend else { return }
        do {
            try backend.confirm(probe: id)
        } catch {
            lose("\(error)")
        }
    }

    func connectIfDue() {
        guard let retry = retryMicroseconds, kymo_monotonic_microseconds() >= retry else { return }
        guard let displayName = Self.displayName() else {
            complain("no Wayland session: WAYLAND_DISPLAY is not set, and there is not exactly one socket to choose")
            return retryLater()
        }
        do {
            let made = try WaylandBackend(
                displayName: displayName,
                handlers: WaylandBackend.Handlers(
                    focus: { [unowned self] in send(.focus($0)) },
                    keymap: { [unowned self] in
                        keymap = $0
                        tellLayout()
                    },
                    watermark: { [unowned self] in send(.watermark($0)) }))
            try loop.add(made.fileDescriptor) { [unowned self] in dispatch() }
            backend = made
        } catch {
            complain("\(error)")
            return retryLater()
        }
        retryMicroseconds = nil
        lastComplaint = ""
        log(
            .notice,
            "focus from \(WaylandBackend.name): \(hello.compositor) on \(displayName) offers "
                + "zwlr_foreign_toplevel_manager_v1")
        connectSway()
        tellAll()
    }

    private func dispatch() {
        do {
            try backend?.dispatch()
        } catch {
            lose("\(error)")
        }
    }

    private func lose(_ reason: String) {
        guard let old = backend else { return }
        loop.remove(old.fileDescriptor)
        backend = nil
        keymap = nil
        closeSway()
        complain("\(reason); the focus is unknown until it is back")
        tellAll()
        retryLater()
    }

    // MARK: sway's extras

    private func connectSway() {
        guard let backend, let directory = Self.environment("XDG_RUNTIME_DIR") else { return }
        sway = SwayIPC(
            compositorPID: backend.compositorPID, runtimeDirectory: directory,
            handlers: SwayIPC.Handlers(
                window: { [unowned self] in self.backend?.noteProcess(appID: $0, title: $1, pid: $2) },
                layout: { [unowned self] in
                    guard group != $0 else { return }
                    group = $0
                    tellLayout()
                }))
        guard let sway else { return }
        do {
            try loop.add(sway.descriptor) { [unowned self] in
                if self.sway?.dispatch() == false { closeSway() }
            }
            log(.info, "pid and layout from sway's socket")
        } catch {
            self.sway = nil
        }
    }

    private func closeSway() {
        group = nil
        guard let old = sway else { return }
        loop.remove(old.descriptor)
        sway = nil
        tellLayout()
    }

    // MARK: layout

    private func tellLayout() {
        // Without a source for the active group only a keymap of one group leaves no doubt.
        let known = group ?? (keymap?.groupCount == 1 ? 0 : nil)
        guard let keymap, let known, let table = keymap.table(group: known) else {
            let description = LayoutDescription(isKnown: false, keymapHash: keymap?.hash ?? 0)
            return send(.layout(LayoutReport(description: description, table: nil)))
        }
        let description = LayoutDescription(
            isKnown: true, name: keymap.groupName(known), group: known, keymapHash: keymap.hash)
        send(.layout(LayoutReport(description: description, table: table)))
    }

    // MARK: finding it

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// WAYLAND_DISPLAY, else the one socket that there is; among several nobody can choose.
    private static func displayName() -> String? {
        if let name = environment("WAYLAND_DISPLAY") { return name }
        guard let directory = environment("XDG_RUNTIME_DIR"), let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let digits = name.dropFirst("wayland-".count)
            if name.hasPrefix("wayland-"), !digits.isEmpty, digits.allSatisfy(\.isNumber) { found.append(name) }
        }
        return found.count == 1 ? found[0] : nil
    }

    private func retryLater() { retryMicroseconds = kymo_monotonic_microseconds() + 1_000_000 }

    private func complain(_ text: String) {
        guard text != lastComplaint else { return }
        lastComplaint = text
        log(.notice, text)
    }
}
