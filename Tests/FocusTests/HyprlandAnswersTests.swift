import Events
import FoundationEssentials
import Testing

@testable import Focus

/// What Hyprland prints, as far as it is read.
struct HyprlandAnswersTests {
    private static func keyboard(_ index: String, _ keymap: String) -> String {
        #"{"name": "k", "layout": "us,de", "active_layout_index": \#(index), "active_keymap": "\#(keymap)", "main": true}"#
    }

    @Test(arguments: [
        ([keyboard("0", "English (US)")], ActiveLayout(group: 0, name: "English (US)")),
        ([keyboard("1", "German"), keyboard("1", "German")], ActiveLayout(group: 1, name: "German")),
        // They disagree.
        ([keyboard("1", "German"), keyboard("0", "English (US)")], nil),
        ([keyboard("0", "German"), keyboard("0", "English (US)")], nil),
        // A virtual keyboard has no layout, and its word for that is no JSON. It is no device that anybody records.
        ([keyboard("none", "none"), keyboard("1", "German")], ActiveLayout(group: 1, name: "German")),
        ([keyboard("none", "none")], nil),
        ([keyboard("-1", "German")], nil),
        ([], nil),
    ]) func layoutOfAllKeyboards(_ keyboards: [String], _ wanted: ActiveLayout?) throws {
        let answer = #"{"mice": [], "keyboards": [\#(keyboards.joined(separator: ","))]}"#
        let devices = try #require(HyprlandDevices(Data(answer.utf8)))
        #expect(devices.keyboards.map(\.layout).common == wanted)
    }

    @Test(arguments: ["", "unknown request", "{}", #"{"keyboards": [1]}"#, "{\"keyboards\": ["])
    func whatIsNoListOfDevicesTellsNothing(_ answer: String) {
        #expect(HyprlandDevices(Data(answer.utf8)) == nil)
    }

    @Test(arguments: [
        (#"{"class": "a", "pid": 1, "at": [1, -2], "size": [3, 4]}"#, WindowPlace(x: 1, y: -2, width: 3, height: 4)),
        (#"{"class": "a", "pid": 1, "at": [1], "size": [3, 4]}"#, nil),
    ]) func placeOfAWindow(_ answer: String, _ wanted: WindowPlace?) throws {
        let window = try JSONDecoder().decode(HyprlandWindow.self, from: Data(answer.utf8))
        #expect(window.place == wanted && window.pid == 1)
    }

    @Test(arguments: [
        "", "\n\n\n", #"{"class": "a", "pid": 1, "at": [0, 0], "size": [9, 9]}"#,
        "{}\n\n\n{\"x\": 1, \"y\": 2}", #"{"x": 1, "y": 2}"#,
        "{\"class\": \"a\", \"pid\": 1, \"at\": [0, 0], \"size\": [9, 9]}\n\n\nunknown request",
    ]) func halfAnAnswerIsNoPlaceOfThePointer(_ answer: String) {
        #expect(HyprlandPointer(Data(answer.utf8)) == nil)
    }
}
