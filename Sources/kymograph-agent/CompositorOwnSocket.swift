import EventLoop
import Focus
import Logging

/// What a socket of the compositor's own brings beside its windows' protocol.
extension Compositor {
    func connectOwnSocket() {
        guard ownSocket == nil, let backend, let directory = Surroundings.runtimeDirectory else { return }
        let handlers = CompositorSocketHandlers(
            focused: { [unowned self] in note($0) }, moved: { [unowned self] in focusedMoved() },
            layout: { [unowned self] in groupTold($0) }, settings: { [unowned self] in settingsTold($0, by: .sway) },
            lost: { [unowned self] in lostOwnSocket() })
        let process = backend.compositorPID
        ownSocket =
            SwayIPC(compositorPID: process, runtimeDirectory: directory, loop: loop, handlers: handlers)
            ?? HyprlandIPC(compositorPID: process, runtimeDirectory: directory, loop: loop, handlers: handlers)
            ?? WayfireIPC(compositorPID: process, runtimeDirectory: directory, loop: loop, handlers: handlers)
        guard let ownSocket else { return }
        let kind = type(of: ownSocket)
        if kind.tellsLayouts { layout.own = .open }
        log(.info, "\(kind.tellsLayouts ? "processes, places and layout" : "processes") from \(kind.owner)'s socket")
    }

    /// Where the focused window is may be told anew.
    func focusedMoved() { if ownSocket != nil { backend?.focusedMayHaveMoved() } }

    private func lostOwnSocket() {
        guard let ownSocket else { return }
        log(
            .notice,
            "\(type(of: ownSocket).owner)'s socket is closed or not understood: what it told of windows and layout is unknown"
        )
        closeOwnSocket()
        tellLayout()
    }

    func closeOwnSocket() {
        layout.own = .untold
        guard let old = ownSocket else { return }
        old.end()
        ownSocket = nil
        settingsTold(nil, by: .sway)
    }

    private func note(_ focused: FocusedWindow) {
        do {
            try backend?.note(focused)
        } catch {
            lose("\(error)")
        }
    }
}
