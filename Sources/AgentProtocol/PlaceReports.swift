import Events

/// Where the window that has the keyboard is from then on.
public struct WindowPlaceReport: Sendable, Equatable {
    /// CLOCK_MONOTONIC, µs: when the agent had the compositor's word in its hands.
    public var timeMicroseconds: UInt64
    /// The number that the last focus report gave the window.
    public var window: UInt64
    public var place: WindowPlace
    public init(timeMicroseconds: UInt64, window: UInt64, place: WindowPlace) {
        self.timeMicroseconds = timeMicroseconds
        self.window = window
        self.place = place
    }
}

/// A compositor's word on where the pointer is.
public struct PointerWord: Sendable, Equatable {
    /// CLOCK_MONOTONIC, µs: when the compositor looked.
    public var timeMicroseconds: UInt64
    public var frame: PointerFrame
    /// Logical pixels.
    public var x: Fixed8
    public var y: Fixed8
    public init(timeMicroseconds: UInt64, frame: PointerFrame, x: Fixed8, y: Fixed8) {
        self.timeMicroseconds = timeMicroseconds
        self.frame = frame
        self.x = x
        self.y = y
    }
}

/// The answer to a `press`.
public struct PointerPlaceReport: Sendable, Equatable {
    /// The number that was asked by.
    public var number: UInt64
    /// Nil: nobody could say.
    public var word: PointerWord?
    public init(number: UInt64, word: PointerWord?) {
        self.number = number
        self.word = word
    }
}

extension WindowPlaceReport {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(16))
        bytes.put(timeMicroseconds)
        bytes.put(window)
        bytes.put(place.x)
        bytes.put(place.y)
        bytes.put(place.width)
        bytes.put(place.height)
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(
            timeMicroseconds: try reader.integer("time"), window: try reader.integer("window"),
            place: WindowPlace(
                x: try reader.integer("x"), y: try reader.integer("y"), width: try reader.integer("width"),
                height: try reader.integer("height")))
    }
}

extension PointerPlaceReport {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(17))
        bytes.put(number)
        bytes.put(UInt8(word == nil ? 0 : 1))
        guard let word else { return }
        bytes.put(word.timeMicroseconds)
        bytes.put(word.frame.rawValue)
        bytes.put(word.x.raw)
        bytes.put(word.y.raw)
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(number: try reader.integer("press"), word: nil)
        guard try reader.flag("answered") else { return }
        word = PointerWord(
            timeMicroseconds: try reader.integer("time"), frame: try reader.raw("frame", as: PointerFrame.self),
            x: Fixed8(raw: try reader.integer("x")), y: Fixed8(raw: try reader.integer("y")))
    }
}
