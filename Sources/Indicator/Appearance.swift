/// What the badge and the tray's icon look like. Units: a compositor's logical pixels.
enum Appearance {
    /// A badge of one line, as wide as its text, at the right end of a surface that is always as wide as the widest.
    ///
    /// A surface of the badge's own width would be smaller and need no region for clicks, but sway 1.7 leaves a part of
    /// the last picture beside one that shrinks on its second output: half a red dot beside "paused".
    struct Badge {
        var width: Int
        /// Cut where it would be too wide.
        var text: String
    }

    static let surfaceWidth = 460
    static let surfaceHeight = 26
    private static let margin = 9.0
    private static let symbolSize = 12.0
    private static let gap = 7.0
    private static let fontSize = 13.0

    // Dark with a light rim: one of the two stands out from whatever is behind.
    private static let ground = Color(red: 0.09, green: 0.09, blue: 0.11, alpha: 0.94)
    private static let pressedGround = Color(red: 0.25, green: 0.25, blue: 0.29, alpha: 0.96)
    private static let rim = Color(red: 1, green: 1, blue: 1, alpha: 0.45)
    private static let ink = Color(red: 0.97, green: 0.97, blue: 0.97)
    private static let red = Color(red: 1, green: 0.27, blue: 0.25)
    private static let amber = Color(red: 1, green: 0.76, blue: 0.2)
    private static let grey = Color(red: 0.72, green: 0.72, blue: 0.75)

    // MARK: the badge

    /// - Parameter limit: the surface's width.
    static func badge(of presentation: Presentation, limit: Int) throws(DrawingError) -> Badge {
        let frame = 2 * margin + symbolSize + gap
        var badge = Badge(width: 0, text: presentation.text)
        var pixel: UInt32 = 0
        try withUnsafeMutableBytes(of: &pixel) { (bytes) throws(DrawingError) in
            try Canvas(pixels: bytes.baseAddress!, width: 1, height: 1).draw(scale: 1) { pen in
                var width = frame + pen.width(of: badge.text, size: fontSize)
                var kept = badge.text
                while width > Double(limit), !kept.isEmpty {
                    kept.removeLast()
                    badge.text = kept + "…"
                    width = frame + pen.width(of: badge.text, size: fontSize)
                }
                badge.width = min(Int(width.rounded(.up)), limit)
            }
        }
        return badge
    }

    /// - Parameter canvas: of the surface's size times the scale, zeroed.
    static func draw(
        _ badge: Badge, of presentation: Presentation, on canvas: Canvas, scale: Int
    ) throws(DrawingError) {
        let width = Double(badge.width)
        let height = Double(canvas.height / scale)
        let left = Double(canvas.width / scale) - width
        try canvas.draw(scale: Double(scale)) { pen in
            pen.use(presentation.isPending ? pressedGround : ground)
            pen.fillRectangle(x: left, y: 0, width: width, height: height, radius: 7)
            pen.use(rim)
            pen.strokeRectangle(x: left + 0.5, y: 0.5, width: width - 1, height: height - 1, radius: 6.5, line: 1)
            draw(presentation.symbol, x: left + margin + symbolSize / 2, y: height / 2, size: symbolSize, with: pen)
            pen.use(ink)
            pen.write(
                badge.text, x: left + margin + symbolSize + gap, y: height / 2 + fontSize * 0.36, size: fontSize)
        }
    }

    /// Centred at that place.
    private static func draw(_ symbol: Presentation.Symbol, x: Double, y: Double, size: Double, with pen: Pen) {
        switch symbol {
        case .recording:
            pen.use(red)
            pen.fillCircle(x: x, y: y, radius: size * 0.46)
        case .paused:
            pen.use(amber)
            for side in [-1.0, 1.0] {
                pen.fillRectangle(
                    x: x + side * size * 0.25 - size * 0.13, y: y - size * 0.44, width: size * 0.26,
                    height: size * 0.88, radius: size * 0.08)
            }
        case .off:
            pen.use(grey)
            let radius = size * 0.4
            pen.strokeCircle(x: x, y: y, radius: radius, line: size * 0.12)
            let reach = radius * 0.7
            pen.strokeLine(from: (x - reach, y + reach), to: (x + reach, y - reach), line: size * 0.12)
        }
    }

    // MARK: the tray's icon

    /// A square icon as StatusNotifierItem carries it: alpha, red, green, blue bytes, alpha not multiplied in.
    static func icon(_ symbol: Presentation.Symbol, isPending: Bool, size: Int) throws(DrawingError) -> [UInt8] {
        let pixels = UnsafeMutableRawBufferPointer.allocate(byteCount: size * size * 4, alignment: 8)
        defer { pixels.deallocate() }
        pixels.initializeMemory(as: UInt8.self, repeating: 0)
        try Canvas(pixels: pixels.baseAddress!, width: size, height: size).draw(scale: Double(size)) { pen in
            // A ground of its own: nobody knows the colour of the tray.
            pen.use(isPending ? pressedGround : ground)
            pen.fillRectangle(x: 0, y: 0, width: 1, height: 1, radius: 0.22)
            draw(symbol, x: 0.5, y: 0.5, size: 0.7, with: pen)
        }
        for offset in stride(from: 0, to: pixels.count, by: 4) {
            let pixel = pixels.load(fromByteOffset: offset, as: UInt32.self)
            let alpha = pixel >> 24
            var straight = alpha << 24
            for shift in [16, 8, 0] as [UInt32] where alpha > 0 {
                straight |= min((pixel >> shift & 0xFF) * 255 / alpha, 255) << shift
            }
            pixels.storeBytes(of: straight.bigEndian, toByteOffset: offset, as: UInt32.self)
        }
        return Array(pixels)
    }
}
