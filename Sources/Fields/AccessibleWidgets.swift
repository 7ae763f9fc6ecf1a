import Bus
import Events

/// Widgets, as opposed to what of them has the keyboard: nothing that decides about keys.
extension Accessibility {
    /// Has apps say when their widgets are used; nil: not any more.
    func followUse(_ heard: ((AccessibleObject) -> Void)?) {
        useHeard = heard
        updateUse()
    }

    func updateUse() {
        guard let bus, useHeard != nil else { return use = nil }
        guard use == nil else { return }
        // Without it clicks have no answers; whatever else the bus refuses ends the connection anyway.
        use = try? WidgetUse(on: bus) { [weak self] in self?.useHeard?($0) }
    }

    /// Whether it belongs to the window of that process.
    func isOf(_ object: AccessibleObject, process: Int32) -> Bool {
        guard process != 0, let app = apps[object.app] else { return false }
        return app.process == process || isAnother(app, in: process)
    }

    /// What an app says of a widget of its own; called back once, and not later than that.
    func describe(
        _ object: AccessibleObject, within microseconds: UInt64, _ body: @escaping (ClickAnswer) -> Void
    ) {
        guard let bus, phase == .connected else { return body(.nothing) }
        WidgetQuestion(object, on: bus, within: microseconds, body)
    }
}
