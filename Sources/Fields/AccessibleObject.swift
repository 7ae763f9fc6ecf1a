import AgentProtocol
import Bus
import Events

/// One object on the accessibility bus, as it is asked for.
struct AccessibleObject: Hashable, Sendable {
    /// The unique name of its app's connection.
    var app: String
    var path: String
}

/// The questions about one widget: role, label, place; never its text. Together they have one deadline, and nobody waits for
/// them: what the app has not said by then is left out, and without a role there is no answer at all.
final class WidgetQuestion {
    /// AtspiCoordType: relative to the window. Where a window is on the screen no app knows on Wayland.
    private static let windowCoordinates: UInt32 = 1

    private let body: (ClickAnswer) -> Void
    private var left = 4
    private var role: UInt16?
    private var name = ""
    private var isNameCut = false
    private var application = ""
    private var bounds: WidgetBounds?

    @discardableResult init(
        _ object: AccessibleObject, on bus: Bus, within microseconds: UInt64, _ body: @escaping (ClickAnswer) -> Void
    ) {
        self.body = body
        property("Name", of: object.path, object.app, bus, microseconds) { [self] in
            name = $0.cut(toBytes: StringLimit.widgetName)
            isNameCut = name.utf8.count < $0.utf8.count
        }
        property("Name", of: AccessibleApp.root, object.app, bus, microseconds) { [self] in
            application = $0.cut(toBytes: StringLimit.application)
        }
        bus.call(
            object.app, path: object.path, interface: "org.a11y.atspi.Component", member: "GetExtents",
            arguments: [.uint32(Self.windowCoordinates)], timeoutMicroseconds: microseconds
        ) { [self] answer in
            bounds = (try? answer.get()[0, as: [Int32].self]).flatMap(WidgetBounds.init(told:))
            finish()
        }
        // Behind the others: what is a password's by now is told of as that.
        bus.call(
            object.app, path: object.path, interface: AccessibleApp.interface, member: "GetRole",
            timeoutMicroseconds: microseconds
        ) { [self] answer in
            role = (try? answer.get()[0, as: UInt32.self]).flatMap(UInt16.init(exactly:))
            finish()
        }
    }

    private func property(
        _ name: String, of path: String, _ app: String, _ bus: Bus, _ microseconds: UInt64,
        _ take: @escaping (String) -> Void
    ) {
        bus.property(
            app, path: path, interface: AccessibleApp.interface, name: name, as: String.self,
            timeoutMicroseconds: microseconds
        ) { [self] answer in
            if let text = try? answer.get() { take(text) }
            finish()
        }
    }

    private func finish() {
        left -= 1
        guard left == 0 else { return }
        guard let role else { return body(.nothing) }
        guard UInt32(role) != Role.password else { return body(.password) }
        body(
            .widget(
                Widget(
                    role: role, name: name, nameForm: name.isEmpty ? .off : isNameCut ? .truncated : .full,
                    application: application, bounds: bounds)))
    }
}

extension WidgetBounds {
    /// Toolkits say -1, or the smallest number there is, of what is not shown.
    fileprivate init?(told: [Int32]) {
        guard told.count == 4, told[2] > 0, told[3] > 0 else { return nil }
        self.init(x: told[0], y: told[1], width: told[2], height: told[3])
    }
}
