/// What of `/proc/PID/stat` (proc(5)), which everybody may read, is of use here.
struct ProcessStatus {
    /// At most 15 bytes; anybody's choice.
    var name: String
    /// It has ended, and its parent has not looked yet.
    var isDead: Bool
    var parent: Int32
    /// The number of its controlling terminal; 0: it has none.
    var terminal: Int32
    /// It is in the group that reads the terminal.
    var isForeground: Bool

    /// Nil: there is none such.
    init?(of process: Int32) {
        guard process > 0, let text = ProcessFile.read(process, "stat") else { return nil }
        self.init(stat: text)
    }

    /// The name may have brackets and blanks in it: it ends at the last bracket.
    init?(stat: some BidirectionalCollection<UInt8>) {
        guard let open = stat.firstIndex(of: 0x28), let close = stat.lastIndex(of: 0x29), open < close else {
            return nil
        }
        name = String(decoding: stat[stat.index(after: open)..<close], as: UTF8.self)
        // State, parent, group, session, terminal, the terminal's foreground group.
        let fields = stat[stat.index(after: close)...].split(separator: 0x20, maxSplits: 6)
        guard fields.count >= 6, let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
            let terminal = Int32(String(decoding: fields[4], as: UTF8.self))
        else { return nil }
        isDead = fields[0].elementsEqual("Z".utf8) || fields[0].elementsEqual("X".utf8)
        self.parent = parent
        self.terminal = terminal
        isForeground = fields[2].elementsEqual(fields[5])
    }

    /// Its controlling terminal, if that is a pseudo terminal.
    var pseudoTerminal: UInt32? {
        let number = UInt32(bitPattern: terminal)
        let major = number >> 8 & 0xFFF
        // devpts.
        guard major == 136 else { return nil }
        return (number & 0xFF) | (number >> 12 & 0xFFF00)
    }
}
