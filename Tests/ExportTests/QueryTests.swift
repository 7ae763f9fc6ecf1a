import Events
import Export
import FoundationEssentials
import Journal
import Policy
import Testing

@Suite("What a query selects")
struct QueryTests {
    /// A clock record, a mouse, two apps with a motion each, a key of the second app, a loss.
    static var tape: Tape {
        var tape = Tape()
        tape.mouse(1, name: "Logi Mouse", at: 1)
        tape.focus(1, "foot", at: 2)
        tape.move(1, 0, at: 3)
        tape.focus(2, "org.mozilla.firefox", at: 1000)
        tape.move(1, 0, at: 1001, focus: 2)
        tape.add(.key(Key(code: 30, press: .pressed)), at: 1002, device: 2, focus: 2)
        tape.add(.loss(Loss(reason: .ringFull, startMicroseconds: 0, endMicroseconds: 0, count: 1)), at: 2000)
        return tape
    }

    static func kinds(_ change: (inout Query) -> Void) -> [String] {
        var query = Query()
        change(&query)
        return tape.json(query).map { String($0.dropFirst(9).prefix { $0 != "\"" }) }
    }

    @Test("an app: its focus and its events, and every loss")
    func app() {
        #expect(Self.kinds { $0.apps = [AppGlob("*firefox")!] } == ["focus", "motion", "key", "loss"])
        #expect(Self.kinds { $0.apps = [AppGlob("nothing")!] } == ["loss"])
    }

    @Test("a device by number, node and part of its name")
    func device() {
        let expected = ["device_added", "motion", "motion", "loss"]
        #expect(Self.kinds { $0.device = .number(1) } == expected)
        #expect(Self.kinds { $0.device = .name("event1") } == expected)
        #expect(Self.kinds { $0.device = .name("logi") } == expected)
        #expect(Self.kinds { $0.device = .name("nothing") } == ["loss"])
    }

    @Test("kinds: just those")
    func kind() { #expect(Self.kinds { $0.names = [.key, .focus] } == ["focus", "focus", "key"]) }

    @Test("times: from the first on, up to and without the second")
    func times() {
        let start = Int64(morning)
        #expect(Self.kinds { $0.sinceMicroseconds = start + 1_001_000 } == ["motion", "key", "loss"])
        #expect(Self.kinds { $0.untilMicroseconds = start + 2_000 } == ["clock", "device_added"])
    }
}

@Suite("Names of keys")
struct KeyNameTests {
    /// The header of the machine that tests; a newer one may have more names, none of ours may differ.
    @Test("are those of linux/input-event-codes.h")
    func header() throws {
        let text = try String(contentsOfFile: "/usr/include/linux/input-event-codes.h", encoding: .utf8)
        var names: [UInt16: Set<String>] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("#define KEY_") || line.hasPrefix("#define BTN_") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 3 else { continue }
            let code = words[2].hasPrefix("0x") ? UInt16(words[2].dropFirst(2), radix: 16) : UInt16(words[2])
            if let code { names[code, default: []].insert(String(words[1])) }
        }
        try #require(names.count > 500)
        for code in UInt16(0)..<768 {
            let name = KeyNames.name(code)
            if name.hasPrefix("KEY_0x") {
                #expect(KeyNames.name(code) == "KEY_0x" + String(code, radix: 16))
            } else {
                #expect(names[code]?.contains(name) == true, "\(code): \(name)")
            }
        }
        #expect(KeyNames.name(30) == "KEY_A")
        #expect(KeyNames.name(0x110) == "BTN_LEFT")
    }
}
