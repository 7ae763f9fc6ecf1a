import SystemPackage

/// The segments of a directory as they were when it was last listed, oldest first.
struct SegmentList {
    let directory: FilePath
    let files: any FileOperations
    private(set) var names: [SegmentName]

    init(_ directory: FilePath, files: any FileOperations) throws(JournalError) {
        self.directory = directory
        self.files = files
        names = try SegmentName.list(in: directory, files: files)
    }

    mutating func refresh() throws(JournalError) { names = try SegmentName.list(in: directory, files: files) }

    /// The first one behind a number.
    func first(after number: UInt64) -> SegmentName? {
        let index = partitionPoint { $0.number > number }
        return index < names.endIndex ? names[index] : nil
    }

    /// The index of the first name for which it holds; it must hold for all that follow. By bisection.
    private func partitionPoint(_ isBehind: (SegmentName) -> Bool) -> Int {
        var low = names.startIndex
        var high = names.endIndex
        while low < high {
            let middle = (low + high) / 2
            if isBehind(names[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
