import Events
import SystemPackage

/// What a check of every byte of one segment found.
public struct SegmentVerification: Sendable, Equatable {
    public enum Verdict: String, Sendable, Equatable {
        case ok
        /// Being written, good so far.
        case active
        case damaged
    }
    public var name: SegmentName
    public var verdict: Verdict
    public var damages: [Damage] = []
    public var chunks: UInt64 = 0
    public var events: UInt64 = 0
    /// Records that were in chunks that were forgotten.
    public var forgotten: UInt64 = 0
    /// Loss records in it, snapshots not counted.
    public var losses: UInt64 = 0
    public var bytes: UInt64 = 0

    /// Reads all of the journal's segments, oldest first.
    public static func verify(
        directory: FilePath, _ body: (SegmentVerification) throws -> Void
    ) throws {
        let names = try SegmentName.list(in: directory)
        var before: Ends?
        for name in names {
            var (result, ends) = verify(name, in: directory, isNewest: name == names.last)
            if let before, let ends { result.check(ends, follow: before) }
            before = ends
            try body(result)
        }
    }

    /// What ties a segment to its neighbours.
    private struct Ends {
        var header: SegmentHeader
        var nextSequence: UInt64
        /// Nil: not sealed.
        var finalHash: SHA256Hash?
    }

    private mutating func add(_ damage: Damage) {
        damages.append(damage)
        verdict = .damaged
    }

    private mutating func check(_ ends: Ends, follow before: Ends) {
        let first = ends.header.firstSequence
        if first != before.nextSequence {
            let missing = before.nextSequence < first ? before.nextSequence..<first : nil
            add(Damage(segment: name.number, offset: 0, reason: .sequenceGap, missing: missing))
        } else if let hash = before.finalHash, ends.header.previousHash != hash, ends.header.previousHash != .zero {
            add(
                Damage(
                    segment: name.number, offset: 0, reason: .brokenChain, missing: nil,
                    detail: "it follows another segment than \(before.header.number)"))
        }
    }

    private static func verify(
        _ name: SegmentName, in directory: FilePath, isNewest: Bool
    ) -> (SegmentVerification, Ends?) {
        var result = SegmentVerification(name: name, verdict: name.isActive ? .active : .ok)
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try SegmentReader(directory: directory, name: name, verifiesChain: true)
        } catch {
            // Being made at this moment.
            if case .notYet = error, name.isActive, isNewest { return (result, nil) }
            result.add(
                Damage(segment: name.number, offset: 0, reason: .unreadableHeader, missing: nil, detail: "\(error)"))
            return (result, nil)
        }
        let seal = result.walk(reader, isFinal: !(name.isActive && isNewest))
        result.bytes = reader.offset
        return (
            result,
            Ends(header: reader.header, nextSequence: reader.expectedSequence, finalHash: seal?.finalHash)
        )
    }

    /// Counts and checks all frames. The seal, if there is one.
    private mutating func walk(_ reader: SegmentReader, isFinal: Bool) -> Seal? {
        var entries: [Seal.Entry] = []
        while true {
            let place = reader.offset
            switch reader.next(isFinal: isFinal, wants: { _ in true }) {
            case .chunk(let chunk, let offset, let records):
                entries.append(Seal.Entry(chunk, offset: offset))
                count(records)
            case .forgotten(let tombstone, let offset):
                entries.append(Seal.Entry(tombstone, offset: offset))
                chunks += 1
                forgotten += UInt64(tombstone.count)
            case .damage(let damage): add(damage)
            case .skipped: continue
            case .sealed(let seal):
                // What could not be read is missing here, and may stand there.
                if damages.isEmpty, seal.entries != entries {
                    add(Damage(segment: name.number, offset: place, reason: .wrongTable, missing: nil))
                }
                return seal
            case .end: return nil
            }
        }
    }

    private mutating func count(_ records: [Event?]) {
        chunks += 1
        events += UInt64(records.count)
        for case let event? in records where !event.marks.contains(.snapshot) {
            if case .loss = event.payload { losses += 1 }
        }
    }
}
