/// How a picture is turned before an output shows it: counter-clockwise, `flipped` around the vertical axis first. Raw
/// values: `wl_output.transform`; part of the journal's format.
public enum OutputTransform: UInt8, Sendable, Hashable, CaseIterable {
    case normal = 0
    case turned90 = 1
    case turned180 = 2
    case turned270 = 3
    case flipped = 4
    case flipped90 = 5
    case flipped180 = 6
    case flipped270 = 7

    /// Whether width and height change places.
    public var isSideways: Bool { rawValue & 1 == 1 }
}

/// One screen of the session, as the compositor tells every program of it.
public struct OutputDescription: Sendable, Hashable {
    /// `DP-1`: as focus records name it. Empty: the compositor does not tell. At most 64 bytes, untrusted.
    public var name: String
    /// For people: maker, model, on some compositors the serial number. At most 256 bytes, untrusted.
    public var text: String
    /// Where it lies among the others, in the compositor's logical pixels.
    public var x: Int32
    public var y: Int32
    /// In logical pixels, as it is looked at (after `transform`); 0: not known.
    public var width: UInt32
    public var height: UInt32
    /// The mode in force, in the screen's own pixels (before `transform`); 0: not known.
    public var modeWidth: UInt32
    public var modeHeight: UInt32
    /// Pictures in 1000 s; 0: not known.
    public var refreshMillihertz: UInt32
    /// The screen's own pixels to a logical one; 0: not known.
    public var scale: Fixed8
    public var transform: OutputTransform
    /// Of the screen, before `transform`; 0: not known, or a projector.
    public var widthMillimetres: UInt32
    public var heightMillimetres: UInt32

    public init(
        name: String, text: String = "", x: Int32 = 0, y: Int32 = 0, width: UInt32 = 0, height: UInt32 = 0,
        modeWidth: UInt32 = 0, modeHeight: UInt32 = 0, refreshMillihertz: UInt32 = 0,
        scale: Fixed8 = Fixed8(raw: 0), transform: OutputTransform = .normal, widthMillimetres: UInt32 = 0,
        heightMillimetres: UInt32 = 0
    ) {
        self.name = name
        self.text = text
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.modeWidth = modeWidth
        self.modeHeight = modeHeight
        self.refreshMillihertz = refreshMillihertz
        self.scale = scale
        self.transform = transform
        self.widthMillimetres = widthMillimetres
        self.heightMillimetres = heightMillimetres
    }
}

/// An output came, changed, or is gone.
public struct OutputNotice: Sendable, Hashable {
    /// Of the output within one run of the recorder: 1, 2, 3… in the order of arrival, never reused while it runs.
    public var number: UInt32
    /// False: it is gone; the description is what was known of it last.
    public var isConnected: Bool
    public var output: OutputDescription
    public init(number: UInt32, isConnected: Bool, output: OutputDescription) {
        self.number = number
        self.isConnected = isConnected
        self.output = output
    }
}
