import Glibc

/// How far behind a key an app's word on its focus may be.
enum Toolkit: Sendable, Equatable {
    /// One loop in one process reads keys, moves the focus and answers questions: where it has answered, it has met the keys
    /// that were there before the turn of its loop in which it did.
    case direct
    /// Keys are handed to another process, which says later what became of them: whoever answers may not know yet, and
    /// nothing orders the two. Nor is anything known of toolkits that are not named here.
    case relayed

    /// As `org.a11y.atspi.Application.ToolkitName` has it: GTK 3 and GTK 4, Qt. Gecko, Chromium (Electron too),
    /// WebKitGTK and Java's bridge are not among them.
    init(name: String) {
        self = ["gtk", "GTK", "Qt"].contains(name) ? .direct : .relayed
    }
}
