/// The processes that a process comes from.
enum Ancestors {
    /// A chain longer than this is followed no further.
    private static let limit = 64

    /// Without itself and without the first process of all, which everything comes from.
    static func of(_ process: Int32) -> Set<Int32> {
        var found: Set<Int32> = []
        var next = ProcessStatus(of: process)?.parent
        while let process = next, process > 1, found.count < limit, found.insert(process).inserted {
            next = ProcessStatus(of: process)?.parent
        }
        return found
    }
}
