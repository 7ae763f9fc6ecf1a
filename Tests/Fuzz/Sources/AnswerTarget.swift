import AgentProtocol
import Events
import FoundationEssentials

@testable import Focus

/// What a compositor's own socket may answer. The input's first byte says to which question.
func answerTarget(_ start: UnsafePointer<UInt8>?, _ length: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: length)
    guard let question = input.first else { return 0 }
    let answer = Data(input[1...])
    let decoder = JSONDecoder()
    switch question % 5 {
    case 0: _ = HyprlandDevices(answer)?.keyboards.map(\.layout).common
    case 1:
        guard let word = HyprlandPointer(answer)?.word(atMicroseconds: 1) else { break }
        demand(word.frame == .desktop, "a place in another plane than was asked for")
    case 2: _ = (try? decoder.decode(HyprlandWindow.self, from: answer))?.place
    case 3:
        guard let window = (try? decoder.decode(SwayTree.self, from: answer))?.focusedWindow else { break }
        demand(window.processID > 0, "a window of no process")
    default: _ = (try? decoder.decode([SwayInput].self, from: answer))?.map { ($0.layout, $0.choice) }
    }
    return 0
}

/// As Hyprland 0.55 and sway 1.10 write them.
let answerSeeds: [(name: String, question: UInt8, text: String)] = [
    (
        "devices", 0,
        #"{"mice": [], "keyboards": [{"name": "a", "active_layout_index": 1, "active_keymap": "German"}, "#
            + #"{"name": "b", "active_layout_index": none, "active_keymap": "none"}]}"#
    ),
    (
        "pointer", 1,
        #"{"class": "foot", "pid": 7, "at": [10, -20], "size": [300, 200], "xwayland": false}"#
            + "\n\n\n" + #"{"x": 12, "y": -19}"#
    ),
    ("window", 2, #"{"class": "foot", "pid": 7, "at": [10, -20], "size": [300, 200], "xwayland": true}"#),
    (
        "tree", 3,
        #"{"focused": false, "nodes": [{"focused": true, "app_id": "foot", "pid": 7, "#
            + #""rect": {"x": 0, "y": 1, "width": 2, "height": 3}}], "floating_nodes": []}"#
    ),
    (
        "inputs", 4,
        #"[{"type": "keyboard", "xkb_active_layout_index": 0, "xkb_active_layout_name": "English (US)"}, "#
            + #"{"type": "touchpad", "name": "Pad", "vendor": 1, "product": 2, "libinput": {"tap": "enabled", "#
            + #""scroll_button": 274, "send_events": "enabled"}}]"#
    ),
]
