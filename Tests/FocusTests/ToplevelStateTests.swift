import Testing

@testable import Focus

/// A desk of windows by name, whose compositor says one thing at a time.
private struct Windows {
    var state = ToplevelState()
    private var handles: [String: OpaquePointer] = [:]

    mutating func open(_ name: String) {
        let handle = OpaquePointer(bitPattern: 0x1000 + handles.count * 8)!
        handles[name] = handle
        state.opened(handle)
        state.appID(handle, name)
        state.title(handle, "title of \(name)")
        state.done(handle)
    }
    mutating func activate(_ name: String) { say(name, isActivated: true) }
    mutating func deactivate(_ name: String) { say(name, isActivated: false) }
    mutating func say(_ name: String, isActivated: Bool, done: Bool = true) {
        state.activated(handles[name]!, isActivated)
        if done { state.done(handles[name]!) }
    }
    mutating func done(_ name: String) { state.done(handles[name]!) }
    mutating func rename(_ name: String, title: String, done: Bool = true) {
        state.title(handles[name]!, title)
        if done { state.done(handles[name]!) }
    }
    mutating func enter(_ name: String, _ output: OpaquePointer, done: Bool = true) {
        state.entered(handles[name]!, output: output)
        if done { state.done(handles[name]!) }
    }
    mutating func leave(_ name: String, _ output: OpaquePointer?) {
        state.left(handles[name]!, output: output)
        state.done(handles[name]!)
    }
    mutating func close(_ name: String) { state.closed(handles[name]!) }
    mutating func closeAgain(_ name: String) {
        state.closed(handles[name]!)
        state.done(handles[name]!)
    }
    var focused: String? { state.focused?.appID }
}

@Suite struct ToplevelStateTests {
    @Test func nothingIsFocusedUntilSomethingIsActivated() {
        var windows = Windows()
        #expect(windows.focused == nil)
        windows.open("foot")
        #expect(windows.focused == nil)
        windows.activate("foot")
        #expect(windows.focused == "foot")
    }

    @Test func whatIsSaidCountsWithItsDone() {
        var windows = Windows()
        windows.open("foot")
        windows.say("foot", isActivated: true, done: false)
        #expect(windows.focused == nil)
        windows.rename("foot", title: "half", done: false)
        windows.done("foot")
        #expect(windows.focused == "foot")
        #expect(windows.state.focused?.title == "half")
        windows.say("foot", isActivated: false, done: false)
        windows.rename("foot", title: "later", done: false)
        #expect(windows.focused == "foot")
        #expect(windows.state.focused?.title == "half")
        windows.done("foot")
        #expect(windows.focused == nil)
    }

    /// Whichever the compositor tells first: the new window's activation, or the old one's end of it.
    @Test func ofTwoActivatedTheLatestHolds() {
        var windows = Windows()
        windows.open("one")
        windows.open("two")
        windows.activate("one")
        windows.activate("two")
        #expect(windows.focused == "two")
        windows.deactivate("one")
        #expect(windows.focused == "two")
        windows.deactivate("two")
        #expect(windows.focused == nil)
        windows.activate("one")
        #expect(windows.focused == "one")
    }

    @Test func aTitleOfTheOtherActivatedWindowMovesNoFocus() {
        var windows = Windows()
        windows.open("one")
        windows.open("two")
        windows.activate("one")
        windows.activate("two")
        windows.say("one", isActivated: true)
        windows.rename("one", title: "new")
        #expect(windows.focused == "two")
    }

    @Test func aClosedWindowOwnsNothing() {
        var windows = Windows()
        windows.open("one")
        windows.open("two")
        windows.activate("one")
        windows.close("one")
        #expect(windows.focused == nil)
        windows.closeAgain("one")
        #expect(windows.focused == nil)
        windows.activate("two")
        windows.close("one")
        #expect(windows.focused == "two")
    }

    @Test func ofTwoActivatedTheOtherHoldsWhenTheLatestCloses() {
        var windows = Windows()
        windows.open("one")
        windows.open("two")
        windows.activate("one")
        windows.activate("two")
        windows.close("two")
        #expect(windows.focused == "one")
    }

    @Test func numbersAreNotUsedTwice() {
        var windows = Windows()
        var seen: Set<UInt64> = []
        for index in 0..<5 {
            windows.open("window \(index)")
            windows.activate("window \(index)")
            seen.insert(windows.state.focused?.number ?? 0)
            windows.close("window \(index)")
        }
        #expect(seen.count == 5)
        #expect(!seen.contains(0))
    }

    @Test func windowIsOnTheOutputItCameToLast() {
        let (left, right) = (OpaquePointer(bitPattern: 0x10)!, OpaquePointer(bitPattern: 0x20)!)
        var windows = Windows()
        windows.open("foot")
        windows.activate("foot")
        #expect(windows.state.focused?.output == nil)
        windows.enter("foot", left)
        windows.enter("foot", right, done: false)
        #expect(windows.state.focused?.output == left, "what is said counts with its done")
        windows.done("foot")
        #expect(windows.state.focused?.output == right)
        windows.leave("foot", right)
        #expect(windows.state.focused?.output == left)
        windows.leave("foot", nil)
        #expect(windows.state.focused?.output == left, "an output that is gone has no name left to leave")
        windows.state.outputRemoved(left)
        #expect(windows.state.focused?.output == nil)
    }

    @Test func movingToAnotherOutputMovesNoKeys() {
        var windows = Windows()
        windows.open("foot")
        windows.activate("foot")
        let before = windows.state.changeCount
        windows.enter("foot", OpaquePointer(bitPattern: 0x10)!)
        #expect(windows.state.changeCount == before)
    }
}
