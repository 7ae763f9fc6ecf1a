import AgentProtocol
import Events
import FoundationEssentials

/// The answer to `j/activewindow`; where no window is active it is an empty object, and none of these.
struct HyprlandWindow: Decodable {
    var `class`: String
    var pid: Int32
    /// Of the window's content, in the plane of the outputs, as it will be when what moves has come to rest.
    var at: [Int32]
    var size: [UInt32]
    var xwayland: Bool?

    /// Then its class is X11's, which the windows' protocol tells in its own way.
    var isX11: Bool { xwayland ?? false }

    var place: WindowPlace? {
        at.count == 2 && size.count == 2 ? WindowPlace(x: at[0], y: at[1], width: size[0], height: size[1]) : nil
    }
}

/// The answer to `j/devices`.
struct HyprlandDevices: Decodable {
    struct Keyboard: Decodable {
        var active_layout_index: Int?
        var active_keymap: String?

        /// Nil: it has none, as a virtual keyboard of a moment.
        var layout: ActiveLayout? {
            active_layout_index.flatMap(UInt32.init(exactly:)).map {
                ActiveLayout(group: $0, name: active_keymap ?? "")
            }
        }
    }

    var keyboards: [Keyboard]

    /// A keyboard without a layout has the bare word `none` there, which is no JSON.
    init?(_ answer: Data) {
        let text = String(decoding: answer, as: UTF8.self)
            .split(separator: "\"active_layout_index\": none", omittingEmptySubsequences: false)
            .joined(separator: "\"active_layout_index\": null")
        guard let devices = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = devices
    }
}

/// The pointer and the active window, asked in one so that nothing comes between.
struct HyprlandPointer {
    static let request = "[[BATCH]]j/activewindow;j/cursorpos"
    /// Between two answers of a batch. In JSON's strings a line's end is written otherwise.
    private static let separator = "\n\n\n"

    private struct Position: Decodable {
        var x: Int32
        var y: Int32
    }

    private let place: WindowPlace
    private let position: Position

    init?(_ answer: Data) {
        let parts = String(decoding: answer, as: UTF8.self).split(separator: Self.separator, maxSplits: 1)
        guard parts.count == 2,
            let place = (try? JSONDecoder().decode(HyprlandWindow.self, from: Data(parts[0].utf8)))?.place,
            let position = try? JSONDecoder().decode(Position.self, from: Data(parts[1].utf8))
        else { return nil }
        self.place = place
        self.position = position
    }

    /// Nil: it is not over that window.
    func word(atMicroseconds time: UInt64) -> PointerWord? {
        let (x, y) = (Int64(position.x) - Int64(place.x), Int64(position.y) - Int64(place.y))
        guard x >= 0, y >= 0, x < place.width, y < place.height else { return nil }
        return PointerWord(
            timeMicroseconds: time, frame: .desktop, x: Fixed8(Double(position.x)), y: Fixed8(Double(position.y)))
    }
}
