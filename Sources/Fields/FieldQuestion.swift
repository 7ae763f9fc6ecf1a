import Events

/// One question: answered once, whoever is first.
final class FieldQuestion {
    private var body: ((Accessibility.Answer) -> Void)?
    init(_ body: @escaping (Accessibility.Answer) -> Void) { self.body = body }

    var isOpen: Bool { body != nil }

    func answer(_ answer: Accessibility.Answer) {
        guard let body else { return }
        self.body = nil
        body(answer)
    }
}

extension FieldAccess: Comparable {
    /// What more is known of is greater, and of what is known the stricter; a password is the most that there is to know.
    public static func < (a: FieldAccess, b: FieldAccess) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .unknown: 0
        case .notRegistered: 1
        case .failing: 2
        case .other: 3
        case .late: 4
        case .password: 5
        }
    }
}
