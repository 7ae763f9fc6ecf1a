import Events

/// What the recorder says of its own work in figures: how often it withheld, and how sure it is of the focus. Nothing of
/// it is content.
struct Tally {
    private var spans = [UInt64](repeating: 0, count: SuppressionReason.allCases.count)
    /// With a bound on their uncertainty.
    private(set) var focusChanges: UInt64 = 0
    /// Together.
    private(set) var uncertaintyMicroseconds: UInt64 = 0

    /// By the name that the reason has in JSON (docs/JSON.md), those with none left out.
    var suppressions: [(name: String, count: UInt64)] {
        zip(SuppressionReason.allCases, spans).filter { $0.1 > 0 }.map { (Self.name(of: $0.0), $0.1) }
    }

    mutating func count(_ event: borrowing Event) {
        switch event.payload {
        case .suppression(let span) where span.phase == .end:
            if let index = SuppressionReason.allCases.firstIndex(of: span.reason) { spans[index] += 1 }
        case .focus(let focus):
            focusChanges += 1
            uncertaintyMicroseconds += UInt64(focus.uncertaintyMicroseconds)
        default: break
        }
    }

    /// `focusUnknown` as `focus_unknown`.
    static func name(of reason: SuppressionReason) -> String {
        "\(reason)".reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
