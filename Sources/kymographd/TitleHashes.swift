import Consent

/// What the gate hashes titles with: the key of the person at the seat.
final class TitleHashes {
    /// Nil: there is none, and titles are left out.
    var key: TitleKey?

    func hash(_ title: String) -> String? { key?.hash(title) }
}
