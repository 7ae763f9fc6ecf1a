import Glibc
import Testing

@testable import Fields

@Suite struct ToolkitTests {
    /// What is not known to be one loop is none: an app's name for itself decides nothing but that.
    @Test(
        arguments: [
            ("gtk", .direct), ("GTK", .direct), ("Qt", .direct), ("Gecko", .relayed), ("Chromium", .relayed),
            ("WebKitGTK", .relayed), ("WebKitGtk", .relayed), ("J2SE-access-bridge", .relayed), ("", .relayed),
            ("gtk ", .relayed),
        ] as [(String, Toolkit)])
    func whoseWordIsOrderedBehindKeys(name: String, toolkit: Toolkit) {
        #expect(Toolkit(name: name) == toolkit)
    }

    @Test func whereAProcessComesFrom() {
        #expect(Ancestors.of(getpid()).contains(getppid()) || getppid() <= 1)
        #expect(Ancestors.of(-1).isEmpty)
        #expect(Ancestors.of(1).isEmpty)
        #expect(!Ancestors.of(getpid()).contains(getpid()))
    }
}
