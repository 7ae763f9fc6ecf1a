import Events

/// The outputs that the journal knows of, so that what the agent tells as a whole is written as what has changed.
struct OutputTable {
    /// By the number that the agent gives it.
    private var known: [(agentNumber: UInt32, notice: OutputNotice)] = []
    /// Never used twice in a run of the recorder, so that no record means another output than it did.
    private var nextNumber: UInt32 = 1

    /// What is to be written where these are the outputs from now on: those that are gone, then those that came or changed.
    mutating func changes(to outputs: [(agentNumber: UInt32, description: OutputDescription)]) -> [OutputNotice] {
        var changes: [OutputNotice] = []
        for (agentNumber, notice) in known where !outputs.contains(where: { $0.agentNumber == agentNumber }) {
            var gone = notice
            gone.isConnected = false
            changes.append(gone)
        }
        var next: [(agentNumber: UInt32, notice: OutputNotice)] = []
        for (agentNumber, description) in outputs {
            let before = known.first { $0.agentNumber == agentNumber }?.notice
            var notice = before ?? OutputNotice(number: takeNumber(), isConnected: true, output: description)
            notice.output = description
            if notice != before { changes.append(notice) }
            next.append((agentNumber, notice))
        }
        known = next
        return changes
    }

    /// Whoever told of them is gone. What comes later are others, until somebody says that they are the same.
    mutating func forget() { known.removeAll() }

    private mutating func takeNumber() -> UInt32 {
        defer { nextNumber += 1 }
        return nextNumber
    }
}
