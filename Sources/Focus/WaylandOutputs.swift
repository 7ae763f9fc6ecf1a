import AgentProtocol
import CWaylandClient
import CXdgOutput
import Events

/// The compositor's outputs: what each is, by `wl_output`, and where it lies, by `zxdg_output_v1` where that is offered.
final class WaylandOutputs {
    private let listeners = OutputListeners()
    private var outputs: [WaylandOutput] = []
    private var manager: (number: UInt32, proxy: OpaquePointer)?
    /// Somebody has said something since they were asked for last.
    private var hasStirred = false
    private var lastReport: OutputsReport?

    /// Before the connection is closed: a proxy that outlives it points into freed memory.
    func releaseAll() {
        outputs.removeAll()
        if let manager { zxdg_output_manager_v1_destroy(manager.proxy) }
        manager = nil
    }

    deinit { releaseAll() }

    /// Takes it if it has to do with outputs.
    func global(_ registry: OpaquePointer?, _ number: UInt32, _ interface: String, _ version: UInt32) {
        switch interface {
        case "wl_output": add(registry, number, version)
        case "zxdg_output_manager_v1" where manager == nil: bindManager(registry, number, version)
        default: break
        }
    }

    private func add(_ registry: OpaquePointer?, _ number: UInt32, _ version: UInt32) {
        // It has to be bound for `output_enter` to name it, even where the version is too old to tell a name.
        guard let proxy = OpaquePointer(wl_registry_bind(registry, number, kymo_output_interface(), min(version, 4)))
        else { return }
        let output = WaylandOutput(number: number, proxy: proxy, changed: { [unowned self] in hasStirred = true })
        output.listen(listeners)
        if let manager { output.place(by: manager.proxy, listeners) }
        outputs.append(output)
    }

    private func bindManager(_ registry: OpaquePointer?, _ number: UInt32, _ version: UInt32) {
        guard
            let proxy = OpaquePointer(
                wl_registry_bind(registry, number, kymo_xdg_output_manager_interface(), min(version, 3)))
        else { return }
        manager = (number, proxy)
        // Whichever of the two the compositor announces first.
        for output in outputs { output.place(by: proxy, listeners) }
    }

    /// The output that went away, if the number was one's.
    func removed(_ number: UInt32) -> OpaquePointer? {
        if number == manager?.number, let proxy = manager?.proxy {
            zxdg_output_manager_v1_destroy(proxy)
            manager = nil
        }
        guard let index = outputs.firstIndex(where: { $0.number == number }) else { return nil }
        hasStirred = true
        return outputs.remove(at: index).proxy
    }

    /// Empty where the compositor does not tell, or no such output is left.
    func name(of proxy: OpaquePointer?) -> String { outputs.first { $0.proxy == proxy }?.name ?? "" }

    /// All that have told what they are.
    private var report: OutputsReport {
        OutputsReport(
            outputs: outputs.compactMap { output in
                output.description.map { OutputsReport.Output(number: output.number, description: $0) }
            })
    }

    /// The report, if it is another than the last that was taken.
    func takeChanges() -> OutputsReport? {
        guard hasStirred else { return nil }
        let before = lastReport
        let report = take()
        return report == before ? nil : report
    }

    func take() -> OutputsReport {
        hasStirred = false
        let report = report
        lastReport = report
        return report
    }
}
