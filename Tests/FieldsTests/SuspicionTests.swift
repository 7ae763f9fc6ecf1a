import Glibc
import Testing

@testable import Fields

@Suite struct SuspicionTests {
    private func app(_ process: Int32) -> AccessibleApp {
        let app = AccessibleApp(name: ":1.1")
        app.process = process
        return app
    }

    /// Fail closed: where nobody knows of which process an app or a window is, it may be any.
    @Test func whereAPasswordsFieldMayHaveBeen() {
        let mine = getpid()
        let known = Suspicion(of: app(mine))
        #expect(known.mayBeIn(mine) && known.mayBeIn(getppid()) && known.mayBeIn(0))
        #expect(!known.mayBeIn(-1))
        #expect(Suspicion(of: app(0)).mayBeIn(mine) && Suspicion().mayBeIn(mine))
    }

    @Test func windowsThatWereLeft() {
        var windows = LeftWindows()
        windows.add(1, process: getpid())
        windows.add(2, process: -1)
        windows.add(3, process: 0)
        windows.add(1, process: getpid())
        #expect(windows.suspected(by: Suspicion(of: app(getpid()))) == [3, 1])
        for number in UInt64(10)..<100 { windows.add(number, process: 0) }
        #expect(windows.suspected(by: Suspicion()) == Array(68..<100))
        windows.forget()
        #expect(windows.suspected(by: Suspicion()).isEmpty)
    }
}
