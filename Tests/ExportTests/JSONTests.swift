import Events
import Export
import FoundationEssentials
import Journal
import Testing

@Suite("JSON lines")
struct JSONTests {
    static let head = #""sequence":2,"segment":1,"time_us":1000,"realtime":"2026-11-24T08:30:00.001000Z""#

    @Test(
        "each kind has its fields, in their order",
        arguments: [
            (
                Payload.key(Key(code: 46, press: .pressed, modifiers: [.control, .shift])),
                #"{"kind":"key",\#(head),"code":46,"name":"KEY_C","press":"pressed","modifiers":["control","shift"]}"#
            ),
            (
                .motion(Motion(dx: Fixed8(3), dy: Fixed8(-0.5))),
                #"{"kind":"motion",\#(head),"dx":3,"dy":-0.5}"#
            ),
            (.position(Position(x: 1, y: 65_535)), #"{"kind":"position",\#(head),"x":1,"y":65535}"#),
            (
                .button(Button(code: 0x110, press: .released)),
                #"{"kind":"button",\#(head),"code":272,"name":"BTN_LEFT","press":"released"}"#
            ),
            (
                .scroll(Scroll(source: .wheel, axes: .vertical, verticalV120: -120, vertical: Fixed8(-15))),
                #"{"kind":"scroll",\#(head),"source":"wheel","axes":["vertical"],"vertical":-15,"horizontal":0,"#
                    + #""vertical_v120":-120,"horizontal_v120":0}"#
            ),
            (
                .touch(Touch(phase: .up, slot: 3)),
                #"{"kind":"touch",\#(head),"phase":"up","slot":3}"#
            ),
            (
                .toggle(Toggle(kind: .tabletMode, isOn: true)),
                #"{"kind":"switch",\#(head),"switch":"tablet_mode","on":true}"#
            ),
            (
                .windowPlace(WindowPlace(x: -1280, y: 20, width: 800, height: 600)),
                #"{"kind":"window_place",\#(head),"x":-1280,"y":20,"width":800,"height":600}"#
            ),
            (
                .pointerPlace(PointerPlace(frame: .window, delayMicroseconds: 900, x: Fixed8(1.5), y: Fixed8(-2))),
                #"{"kind":"pointer_place",\#(head),"frame":"window","delay_us":900,"x":1.5,"y":-2}"#
            ),
            (
                .loss(
                    Loss(reason: .kernelBuffer, startMicroseconds: 1, endMicroseconds: 2, count: nil, detail: "event5")),
                #"{"kind":"loss",\#(head),"reason":"kernel_buffer","start_us":1,"end_us":2,"count":null,"detail":"event5"}"#
            ),
            (
                .loss(Loss(reason: .ringFull, startMicroseconds: 1, endMicroseconds: 2, count: 7)),
                #"{"kind":"loss",\#(head),"reason":"ring_full","start_us":1,"end_us":2,"count":7,"detail":""}"#
            ),
            (
                .suppression(
                    Suppression(
                        reason: .unconfirmed, phase: .end, startMicroseconds: 1, endMicroseconds: 2, keys: 3, others: 4)
                ),
                #"{"kind":"suppression",\#(head),"reason":"unconfirmed","phase":"end","start_us":1,"end_us":2,"#
                    + #""keys":3,"others":4}"#
            ),
            // Nobody knows what was typed, or its length may be a secret: 0 would say that nothing was.
            (
                .suppression(
                    Suppression(reason: .password, phase: .end, startMicroseconds: 0, endMicroseconds: 1_000_000)),
                #"{"kind":"suppression",\#(head),"reason":"password","phase":"end","start_us":0,"end_us":1000000,"#
                    + #""keys":null,"others":null}"#
            ),
            (
                .session(SessionDescription(subject: "ada", userID: 1000, isActive: true)),
                #"{"kind":"session",\#(head),"subject":"ada","user_id":1000,"active":true}"#
            ),
        ])
    func fields(payload: Payload, line: String) {
        var tape = Tape()
        tape.add(payload, at: 1)
        #expect(tape.json()[1] == line)
    }

    @Test("settings name what a device has, and no others")
    func settings() {
        var tape = Tape()
        let mouse = DeviceSettings(numbers: [0, 0, 0, 0, 2, 1, 0, 0, 4, 0x112, 0, 1])!
        tape.add(.settings(SettingsNotice(isKnown: true, settings: mouse, source: "sway")), at: 1)
        let touchpad = DeviceSettings(numbers: [2, 2, 1, 1, 1, 1, 1, 3, 2, 0, 2, 3])!
        tape.add(.settings(SettingsNotice(isKnown: false, settings: touchpad, source: "")), at: 1)
        #expect(
            tape.json()[1]
                == #"{"kind":"device_settings",\#(Self.head),"known":true,"natural_scroll":true,"left_handed":false,"#
                + #""scroll_method":"on_button_down","scroll_button":274,"sends":"enabled","source":"sway"}"#)
        let line: [String] = [
            #""known":false,"tap":true,"tap_buttons":"middle_then_right","tap_drag":false,"tap_drag_lock":false,"#,
            #""natural_scroll":false,"left_handed":false,"middle_emulation":false,"click_method":"clickfinger","#,
            #""scroll_method":"two_finger","disable_while_typing":true,"sends":"disabled_on_external_mouse"}"#,
        ]
        #expect(tape.json()[2].hasSuffix(line.joined()))
    }

    @Test("an output has what is known of it")
    func outputs() {
        let whole = OutputDescription(
            name: "DP-1", text: "Maker", x: -1280, y: 20, width: 1280, height: 720, modeWidth: 1920, modeHeight: 1080,
            refreshMillihertz: 59_940, scale: Fixed8(1.5), transform: .flipped90, widthMillimetres: 300,
            heightMillimetres: 170)
        var tape = Tape()
        tape.add(.output(OutputNotice(number: 2, isConnected: true, output: whole)), at: 1)
        tape.add(.output(OutputNotice(number: 3, isConnected: false, output: OutputDescription(name: ""))), at: 1)
        let line: [String] = [
            #""number":2,"connected":true,"name":"DP-1","description":"Maker","x":-1280,"y":20,"width":1280,"#,
            #""height":720,"mode_width":1920,"mode_height":1080,"refresh_mhz":59940,"scale":1.5,"#,
            #""transform":"flipped-90","width_mm":300,"height_mm":170}"#,
        ]
        #expect(tape.json()[1] == #"{"kind":"output",\#(Self.head),"# + line.joined())
        #expect(
            tape.json()[2].hasSuffix(#""number":3,"connected":false,"name":"","x":0,"y":0,"transform":"normal"}"#))
    }

    @Test("counts name the classes that occurred and no others")
    func counts() {
        var tape = Tape()
        var counts = KeyCounts()
        counts[.letter] = 5
        counts[.space] = 1
        tape.add(.keyCounts(counts), at: 100)
        #expect(tape.json()[1].hasSuffix(#""bucket_us":100000,"letter":5,"space":1}"#))
    }

    @Test("an event carries the name of its app and of its device")
    func references() {
        var tape = Tape()
        tape.mouse(4, name: "Mock \"Mouse\"", at: 1)
        tape.focus(9, "org.gnome.Terminal", at: 2)
        tape.move(1, 0, at: 3, device: 4, focus: 9)
        #expect(
            tape.json()[3].contains(#""device":4,"device_name":"Mock \"Mouse\"","focus":9,"app":"org.gnome.Terminal""#))
    }

    @Test("numbers of an earlier run of the recorder mean nothing in the next")
    func restart() {
        var tape = Tape()
        tape.focus(1, "foot", at: 1)
        tape.add(.recorder(RecorderState(isRunning: true, version: "1", libinputVersion: "")), at: 2)
        tape.move(1, 0, at: 3)
        #expect(!tape.json()[3].contains("foot"))
    }

    @Test("every kind is described in docs/JSON.md", arguments: RecordName.allCases)
    func documented(name: RecordName) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/JSON.md"), encoding: .utf8)
        #expect(text.contains("\n### `\(name.rawValue)`"))
    }

    @Test("damage says where and what is missing")
    func damage() {
        var tape = Tape()
        tape.add(Damage(segment: 3, offset: 4096, reason: .badPayload, missing: 10..<20))
        #expect(
            tape.json()[1]
                == #"{"kind":"damage","segment":3,"offset":4096,"#
                + #""reason":"a chunk whose checksum or content is wrong","missing_first":10,"missing_last":19}"#)
    }
}
