extension String {
    /// For a terminal or a log: whatever is treacherous there is shown as `\\u{…}`.
    public var visible: String {
        guard unicodeScalars.contains(where: \.isTreacherous) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isTreacherous {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Texts of windows and devices are anybody's. C0, DEL and C1 carry escape sequences, the bidi controls
    /// (Unicode UAX #9) make a line read as what it is not, and line separators forge lines.
    public var isTreacherous: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        case 0x2028, 0x2029: true
        default: false
        }
    }
}
