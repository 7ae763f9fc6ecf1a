import CLinuxShim
import Export
import Glibc

/// One line on a terminal that says how far a long command is; silent where standard error is none, or where standard
/// output is one and shows the records themselves.
struct Progress {
    private static let intervalMicroseconds: UInt64 = 200_000
    private let isShown: Bool
    private let records: ClosedRange<UInt64>?
    private var shownMicroseconds = kymo_monotonic_microseconds()
    private var hasShown = false

    /// - Parameter records: the numbers that there are to go through; nil if there are none.
    init(records: ClosedRange<UInt64>?, outputIsTerminal: Bool) {
        isShown = isatty(STDERR_FILENO) == 1 && !outputIsTerminal
        self.records = records
    }

    /// - Parameters:
    ///   - sequence: of the record that was read last.
    ///   - written: lines and bytes so far.
    mutating func report(sequence: UInt64, lines: UInt64, bytes: UInt64) {
        guard isShown else { return }
        let now = kymo_monotonic_microseconds()
        guard now > shownMicroseconds + Self.intervalMicroseconds else { return }
        shownMicroseconds = now
        hasShown = true
        var share = ""
        if let records, sequence >= records.lowerBound {
            let done = Double(min(sequence, records.upperBound) - records.lowerBound + 1)
            share = "\(Int(done * 100 / Double(records.count))) %, "
        }
        say("\rkymo: \(share)\(lines) records, \(ByteSize.text(bytes))\u{1B}[K")
    }

    /// Takes the line away.
    func end() { if hasShown { say("\r\u{1B}[K") } }

    private func say(_ text: String) { _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) } }
}
