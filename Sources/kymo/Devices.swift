import ArgumentParser
import Events
import Export
import Journal

struct Devices: ParsableCommand, ReadsJournal {
    static let configuration = CommandConfiguration(
        abstract: "List the devices that are recorded now, as far as the journal knows.")

    @OptionGroup var journal: JournalArguments

    @Option(name: .long, help: "short: a table; json: one object per line (docs/JSON.md, device_added).")
    var output = OutputForm.short

    func run() throws {
        // Each segment begins with the devices that are there, so that its state is the state.
        let reader = try journal.reader(from: .end)
        var context = EventContext()
        var added: [DeviceID: StoredEvent] = [:]
        while let item = try next(reader) {
            context.follow(item)
            if case .context(let stored) = item {
                switch stored.event.payload {
                case .deviceAdded: added[stored.event.device] = stored
                case .recorder(let state) where state.isRunning && !stored.event.marks.contains(.snapshot):
                    added.removeAll()
                case .session(let session) where !session.isActive: added.removeAll()
                case .deviceRemoved: added[stored.event.device] = nil
                default: break
                }
            }
            context.settle(item)
        }
        try print(added, context)
    }

    private func print(_ added: [DeviceID: StoredEvent], _ context: EventContext) throws {
        var out = StandardOutput()
        var json = JSONFormat()
        for (number, stored) in added.sorted(by: { $0.key < $1.key }) {
            guard case .deviceAdded(let device) = stored.event.payload else { continue }
            if output == .json {
                var line: [UInt8] = []
                json.append(.event(stored), context, to: &line)
                try out.print(bytes: line)
            } else {
                try out.print(device.row(number))
            }
        }
        if added.isEmpty, output == .short { try out.print("no devices") }
        try out.flush()
    }
}

extension DeviceDescription {
    fileprivate func row(_ number: DeviceID) -> String {
        func filled(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
        }
        return "\(filled("\(number)", 4))  \(filled(sysname.visible, 8))  \(filled(seat.visible, 6))  \(text)"
    }
}
