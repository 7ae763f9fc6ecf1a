import Configuration
import Journal

extension Configuration {
    /// What of the journal's options an administrator may set.
    var journalOptions: JournalOptions {
        var options = JournalOptions()
        options.segmentBytes = segmentBytes
        options.retainBytes = retainBytes
        return options
    }
}
