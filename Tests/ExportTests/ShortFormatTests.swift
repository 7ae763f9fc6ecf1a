import Events
import Export
import Journal
import Testing

@Suite("Lines for people")
struct ShortFormatTests {
    @Test("a movement is one line with its sum, until something else happens")
    func folding() {
        var tape = Tape()
        tape.focus(1, "foot", at: 1)
        for step in 0..<100 { tape.move(2, 1, at: 10 + UInt64(step)) }
        tape.add(.button(Button(code: 0x110, press: .pressed)), at: 200, device: 1, focus: 1)
        tape.move(-1, 0, at: 210)
        let lines = tape.short()
        #expect(lines.count == 6)
        #expect(
            lines[3]
                == "09:30:00.010000  foot                  motion          ↘ dx +200 dy +100   100 reports in 99 ms")
        #expect(lines[4] == "09:30:00.200000  foot                  button          press left")
        #expect(lines[5].hasSuffix("← dx -1 dy 0"))
    }

    @Test("a movement without an end is a line for each second of it, so that the first row never waits for a pause")
    func endlessMovement() {
        var tape = Tape()
        var format = ShortFormat(isColored: false, showsAll: false)
        for step in 0..<2_500 { tape.move(1, 0, at: 10 + UInt64(step)) }
        var lines: [ShortLine] = []
        tape.each(Query()) { format.append($0, $1, to: &lines) }
        // The clock's line, and what came out while the mouse still moved.
        #expect(lines.count == 1 + 2)
        format.finish(to: &lines)
        #expect(
            lines.dropFirst().map { String($0.text.drop { $0 != "→" }) } == [
                "→ dx +1000 dy 0   1000 reports in 999 ms", "→ dx +1000 dy 0   1000 reports in 999 ms",
                "→ dx +500 dy 0   500 reports in 499 ms",
            ])
        #expect(lines.dropFirst(2).first?.text.hasPrefix("09:30:01.010000") == true)
    }

    @Test("an output says where it lies and how it is turned; what the screen calls itself cannot write to a terminal")
    func outputs() {
        var tape = Tape()
        func add(_ output: OutputDescription, isConnected: Bool = true) {
            tape.add(.output(OutputNotice(number: 2, isConnected: isConnected, output: output)), at: 1)
        }
        let screen = OutputDescription(
            name: "DP-1", text: "Maker \u{1B}[31m", x: -1280, y: 20, width: 1280, height: 720, scale: Fixed8(1.5),
            transform: .turned90)
        add(screen)
        add(screen, isConnected: false)
        add(OutputDescription(name: "", scale: Fixed8(1)))
        let lines = tape.short().suffix(3).map { String($0.dropFirst(55)) }
        #expect(
            lines == [
                #"+ DP-1  1280x720 at -1280,20, scale 1.5, turned 90  "Maker \u{1b}[31m""#, "- DP-1",
                "+ output 2  at 0,0",
            ])
    }

    @Test("a place says what it is counted from, and how late it was looked at, if that is a millisecond or more")
    func places() {
        var tape = Tape()
        func add(_ frame: PointerFrame, _ delay: UInt32) {
            let place = PointerPlace(frame: frame, delayMicroseconds: delay, x: Fixed8(812.5), y: Fixed8(-40))
            tape.add(.pointerPlace(place), at: 1)
        }
        tape.add(.windowPlace(WindowPlace(x: -1280, y: 20, width: 800, height: 600)), at: 1)
        add(.desktop, 999)
        add(.window, 12_400)
        let lines = tape.short().suffix(3).map { String($0.dropFirst(55)) }
        #expect(
            lines == [
                "800x600 at -1280,20", "at 812.5, -40 of the desktop", "at 812.5, -40 of the window, 12 ms later",
            ])
    }

    @Test("settings say what is other than on most devices, and who says so")
    func settings() {
        var tape = Tape()
        func add(_ numbers: [UInt16], isKnown: Bool = true) {
            let settings = DeviceSettings(numbers: numbers)!
            tape.add(.settings(SettingsNotice(isKnown: isKnown, settings: settings, source: "sway")), at: 1)
        }
        add([2, 1, 2, 1, 2, 2, 1, 2, 2, 0, 2, 3])
        add([1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 2, 1])
        add([1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 2, 1], isKnown: false)
        #expect(
            tape.short().suffix(3).map { String($0.dropFirst(55)) } == [
                "tap to click, natural scroll, left-handed, disabled on external mouse  (sway)",
                "as the device comes  (sway)", "unknown: what the desktop makes of its input is not known",
            ])
    }

    @Test("--all shows every report")
    func unfolded() {
        var tape = Tape()
        for step in 0..<100 { tape.move(1, 0, at: UInt64(step)) }
        #expect(tape.short(all: true).count == 102)
    }

    @Test("what ends a movement: another device, another window, a pause, another direction of scrolling")
    func breaks() {
        var tape = Tape()
        tape.move(1, 0, at: 1)
        tape.move(1, 0, at: 2, device: 2)
        tape.move(1, 0, at: 3, device: 2, focus: 2)
        tape.move(1, 0, at: 600, device: 2, focus: 2)
        for value in [120, 120, -120] as [Int32] {
            tape.add(
                .scroll(Scroll(source: .wheel, axes: .vertical, verticalV120: value)), at: 601, device: 2, focus: 2)
        }
        #expect(tape.short().count == 2 + 6)
    }

    @Test("a day begins with its date")
    func dates() {
        var tape = Tape()
        tape.move(1, 0, at: 0)
        tape.move(1, 0, at: 86_400_000)
        #expect(tape.short().filter { $0.hasPrefix("--") } == ["-- 2026-11-24 --", "-- 2026-11-25 --"])
    }

    @Test(
        "keys are called as people call them",
        arguments: [
            (Key(code: 46, press: .pressed, modifiers: .control), "press Ctrl+C"),
            (Key(code: 46, press: .released), "release C"),
            (Key(code: 29, press: .pressed, modifiers: .control), "press LEFTCTRL"),
            (Key(code: 105, press: .pressed, modifiers: .alt), "press Alt+LEFT"),
        ])
    func keys(key: Key, text: String) {
        var tape = Tape()
        tape.add(.key(key), at: 1)
        #expect(tape.short()[2].hasSuffix(text))
    }

    @Test("losses are loud: red where there is colour, LOST where there is none")
    func losses() {
        var tape = Tape()
        tape.add(
            .loss(
                Loss(
                    reason: .kernelBuffer, startMicroseconds: 0, endMicroseconds: 100_000, count: nil, detail: "event5")
            ),
            at: 1)
        #expect(
            tape.short()[2].hasSuffix(
                "LOST an unknown number of events in 100 ms: the kernel's buffer ran over (event5)"))
        #expect(tape.short(isColored: true)[2].contains("\u{1B}[1;31mLOST"))
        #expect(!tape.short().joined().contains("\u{1B}"))
    }
}
