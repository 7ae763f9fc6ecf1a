import Configuration
import Journal

extension Configuration {
    /// What of the journal's options an administrator may set.
    var journalOptions: JournalOptions {
        var options = JournalOptions()
        options.segmentBytes = segmentBytes
        options.retainBytes = retainBytes
        options.retainMicroseconds = retainDays.map { $0 * 86_400_000_000 }
        options.keepFreeBytes = keepFreeBytes
        return options
    }
}
