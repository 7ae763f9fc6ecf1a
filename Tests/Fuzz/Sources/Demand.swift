import Glibc

/// What must hold of every input. A precondition says nothing in a release build but that it failed.
func demand(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard !condition else { return }
    var text = "fuzz: \(message())\n"
    _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}
