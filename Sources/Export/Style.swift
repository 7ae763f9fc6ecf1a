/// Colours of the short form: few, of the terminal's own palette, so that they fit dark and light.
struct Style {
    enum Role {
        case plain, dim, strong, focus, warning, alarm
    }

    let isColored: Bool

    func paint(_ text: String, _ role: Role) -> String {
        guard isColored, let code = Self.code(role) else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private static func code(_ role: Role) -> String? {
        switch role {
        case .plain: nil
        case .dim: "2"
        case .strong: "1"
        case .focus: "36"
        case .warning: "33"
        case .alarm: "1;31"
        }
    }
}

extension String {
    /// Cut or filled to a width. Counts scalars: wide ones make a ragged column, never a wrong one.
    func column(_ width: Int) -> String {
        let count = unicodeScalars.count
        if count == width { return self }
        if count < width { return self + String(repeating: " ", count: width - count) }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(width - 1))) + "…"
    }
}
