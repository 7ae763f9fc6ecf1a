import CLinuxShim
import Export
import Glibc

/// One line on a terminal that says how far a long command is; silent where standard error is none, or where standard
/// output is one and shows the records themselves.
struct Progress {
    private static let intervalMicroseconds: UInt64 = 200_000
    private let isShown: Bool
    private let endSequence: UInt64
    private var firstSequence: UInt64?
    private var shownMicroseconds = kymo_monotonic_microseconds()
    private var hasShown = false

    /// - Parameter endSequence: the number behind the last record to go through.
    init(endSequence: UInt64, outputIsTerminal: Bool) {
        isShown = isatty(STDERR_FILENO) == 1 && !outputIsTerminal
        self.endSequence = endSequence
    }

    /// - Parameters:
    ///   - sequence: of the record that was read last.
    ///   - lines: written so far, as are `bytes`.
    mutating func report(sequence: UInt64, lines: UInt64, bytes: UInt64) {
        guard isShown else { return }
        let first = firstSequence ?? sequence
        firstSequence = first
        let now = kymo_monotonic_microseconds()
        guard now > shownMicroseconds + Self.intervalMicroseconds else { return }
        shownMicroseconds = now
        hasShown = true
        let all = Double(max(endSequence, sequence + 1) - first)
        let share = Int(Double(sequence + 1 - first) * 100 / all)
        say("\rkymo: \(share) %, \(lines) records, \(ByteSize.text(bytes))\u{1B}[K")
    }

    /// Takes the line away.
    func end() { if hasShown { say("\r\u{1B}[K") } }

    private func say(_ text: String) { _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) } }
}
