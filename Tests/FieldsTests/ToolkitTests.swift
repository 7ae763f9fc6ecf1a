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

    @Test(arguments: [
        ("", false), ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libQt5Widgets.so.5.15.8\n", false),
        ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libQt5WebEngineCore.so.5.15.13\n", true),
        ("7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libwebkit2gtk-4.1.so.0.2.1\n", true),
    ])
    func enginesInAToolkitsApp(maps: String, areLoaded: Bool) {
        #expect(Engines.areNamed(in: Array(maps.utf8)) == areLoaded)
    }

    @Test func whereAProcessComesFrom() {
        #expect(Ancestors.of(getpid()).contains(getppid()) || getppid() <= 1)
        #expect(Ancestors.of(-1).isEmpty)
        #expect(Ancestors.of(1).isEmpty)
        #expect(!Ancestors.of(getpid()).contains(getpid()))
    }

    @Test func aProcessThatCannotBeLookedAtMayHaveOne() {
        #expect(!Engines.areLoaded(in: getpid()))
        #expect(Engines.areLoaded(in: -1))
    }
}
