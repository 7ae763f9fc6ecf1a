import SystemPackage

/// Why a segment cannot be walked.
enum SegmentError: Error, CustomStringConvertible {
    /// Deleted since it was listed.
    case gone
    /// Its header is still being written.
    case notYet
    case format(FormatError)
    /// The disk does not give it.
    case unreadable(ReadFailure)
    case system(Errno)

    var description: String {
        switch self {
        case .gone: "it is no longer there"
        case .notYet: "the file ends inside its header"
        case .format(let error): error.description
        case .unreadable(let failure): failure.errno.description.lowercased()
        case .system(let errno): errno.description.lowercased()
        }
    }
}
