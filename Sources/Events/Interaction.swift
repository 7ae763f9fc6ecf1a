/// What made the agent ask which widget it was. Raw values are part of the journal's format and of the agent's protocol.
public enum InteractionCause: UInt8, Sendable, Hashable, CaseIterable {
    /// The widget got the keyboard.
    case focus = 0
    /// A button of the pointer was pressed, and the widget is the one that said within a moment that something became of it.
    case click = 1
}

/// Where a widget is: relative to its window, in the app's own (logical) pixels. As the app says it, and no more than that.
public struct WidgetBounds: Sendable, Hashable {
    public var x: Int32
    public var y: Int32
    public var width: Int32
    public var height: Int32
    public init(x: Int32, y: Int32, width: Int32, height: Int32) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

/// A widget as its app describes it to accessibility (AT-SPI). Never what is typed into it: role, label, place.
public struct Widget: Sendable, Hashable {
    /// `AtspiRole`: 43 a push button, 79 an entry…
    public var role: UInt16
    /// Its label. Empty unless the policy allows it; at most 256 bytes, untrusted.
    public var name: String
    public var nameForm: TitleForm
    /// What the app calls itself on the accessibility bus. Empty where it does not say; at most 64 bytes, untrusted.
    public var application: String
    /// Nil where the app does not say.
    public var bounds: WidgetBounds?
    public init(
        role: UInt16, name: String = "", nameForm: TitleForm = .off, application: String = "",
        bounds: WidgetBounds? = nil
    ) {
        self.role = role
        self.name = name
        self.nameForm = nameForm
        self.application = application
        self.bounds = bounds
    }
}

/// Which widget a click or the focus met.
public struct Interaction: Sendable, Hashable {
    public var cause: InteractionCause
    /// Nil: the app did not say, or not in time.
    public var widget: Widget?
    public init(cause: InteractionCause, widget: Widget? = nil) {
        self.cause = cause
        self.widget = widget
    }
}

/// What the agent says that a click has met.
public enum ClickAnswer: Sendable, Equatable {
    case widget(Widget)
    /// No app said anything of it, or not in time.
    case nothing
    /// A password's field: nothing is told of it, and nothing is written.
    case password
}
