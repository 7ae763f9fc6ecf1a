import EventLoop
import Focus
import Logging

/// What sway's own socket brings beside its windows' protocol.
extension Compositor {
    func connectSway() {
        guard let backend, let directory = Surroundings.runtimeDirectory else { return }
        sway = SwayIPC(
            compositorPID: backend.compositorPID, runtimeDirectory: directory,
            handlers: SwayIPC.Handlers(
                focused: { [unowned self] in note($0) }, moved: { [unowned self] in swayMoved() },
                layout: { [unowned self] in groupTold($0) }, settings: { [unowned self] in settingsTold($0, by: .sway) }
            ))
        guard let sway else { return }
        layout.own = .open
        do {
            try loop.add(sway.descriptor) { [unowned self] in
                guard self.sway?.dispatch() == false else { return }
                log(
                    .notice,
                    "sway's socket is closed or not understood; no processes and places, and the layout only where it is one"
                )
                closeSway()
                tellLayout()
            }
            log(.info, "processes, places and layout from sway's socket")
        } catch {
            self.sway = nil
            layout.own = .untold
        }
    }

    /// Where the focused window is may be told anew.
    func swayMoved() { if sway != nil { backend?.focusedMayHaveMoved() } }

    func closeSway() {
        layout.own = .untold
        guard let old = sway else { return }
        loop.remove(old.descriptor)
        sway = nil
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
