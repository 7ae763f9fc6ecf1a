import Events
import SystemPackage

/// What a check of every byte of one segment found.
public struct SegmentVerification: Sendable, Equatable {
    public enum Verdict: String, Sendable, Equatable {
        case ok
        /// A recorder writes it; good so far.
        case active
        /// A recorder left it open, with whole chunks only. The next start closes it.
        case open
        /// A recorder left it open, and its end is no whole chunk, or it was given up; everything before is good.
        case torn
        case damaged

        /// Whether something is not as it was written.
        public var isBad: Bool { self == .torn || self == .damaged }
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
        directory: FilePath, files: any FileOperations = SystemFiles(), _ body: (SegmentVerification) throws -> Void
    ) throws {
        let isWritten = RecorderProcess(of: directory) != nil
        let names = try SegmentName.list(in: directory, files: files)
        var before: Ends?
        var isNext = true
        for name in names {
            let verdict: Verdict = !name.isActive ? .ok : isWritten && name == names.last ? .active : .open
            guard
                let (found, ends) = verify(name, in: directory, verdict, isNewest: name == names.last, files: files)
            else { continue }
            var result = found
            if let before, let ends { result.check(ends, follow: before, isNext: isNext) }
            // What could not be read hides nothing of what is missing.
            if let ends { before = ends }
            isNext = ends != nil
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
        // A sealed file was whole once.
        let isTorn = name.isActive && verdict != .damaged && (damage.reason == .tornTail || damage.reason == .noSeal)
        verdict = isTorn ? .torn : .damaged
    }

    /// - Parameter isNext: no segment stands between them whose final hash is not known.
    private mutating func check(_ ends: Ends, follow before: Ends, isNext: Bool) {
        let first = ends.header.firstSequence
        if first != before.nextSequence {
            let missing = before.nextSequence < first ? before.nextSequence..<first : nil
            add(Damage(segment: name.number, offset: 0, reason: .sequenceGap, missing: missing))
        } else if isNext, let hash = before.finalHash, ends.header.previousHash != hash,
            ends.header.previousHash != .zero
        {
            add(
                Damage(
                    segment: name.number, offset: 0, reason: .brokenChain, missing: nil,
                    detail: "it follows another segment than \(before.header.number)"))
        }
    }

    /// Nil: it was deleted meanwhile.
    private static func verify(
        _ name: SegmentName, in directory: FilePath, _ verdict: Verdict, isNewest: Bool, files: any FileOperations
    ) -> (SegmentVerification, Ends?)? {
        var result = SegmentVerification(name: name, verdict: verdict)
        let reader: SegmentReader
        do throws(SegmentError) {
            reader = try SegmentReader(
                directory: directory, name: name, verifiesChain: true, makesEvents: false, files: files)
        } catch {
            switch error {
            case .gone:
                // Sealed meanwhile.
                guard name.isActive else { return nil }
                let sealed = SegmentName(number: name.number, isActive: false)
                return verify(sealed, in: directory, .ok, isNewest: isNewest, files: files)
            // Being made at this moment.
            case .notYet where verdict == .active: break
            case .notYet where verdict == .open:
                result.add(
                    Damage(segment: name.number, offset: 0, reason: .tornTail, missing: nil, detail: "\(error)"))
            default:
                result.add(
                    Damage(
                        segment: name.number, offset: 0, reason: .unreadableHeader, missing: nil, detail: "\(error)"))
            }
            return (result, nil)
        }
        let seal = result.walk(reader, isFinal: !(name.isActive && isNewest))
        result.checkEnd(reader, isSealed: seal != nil, isNewest: isNewest)
        result.bytes = reader.offset
        return (
            result,
            Ends(header: reader.header, nextSequence: reader.expectedSequence, finalHash: seal?.finalHash)
        )
    }

    /// What stands behind the last whole frame.
    private mutating func checkEnd(_ reader: SegmentReader, isSealed: Bool, isNewest: Bool) {
        guard reader.fileLength > reader.offset else { return }
        if let failure = reader.readFailure, !damages.contains(where: { $0.reason == .unreadable }) {
            add(
                Damage(
                    segment: name.number, offset: failure.offset, reason: .unreadable, missing: nil,
                    detail: failure.errno.description.lowercased()))
        } else if isSealed {
            add(
                Damage(
                    segment: name.number, offset: reader.offset, reason: .notAFrame, missing: nil,
                    detail: "behind the seal"))
        } else if isNewest, verdict == .open {
            // Of any other the walk has said so: nothing is appended to it any more.
            add(Damage(segment: name.number, offset: reader.offset, reason: .tornTail, missing: nil))
        }
    }

    /// Counts and checks all frames. The seal, if there is one.
    private mutating func walk(_ reader: SegmentReader, isFinal: Bool) -> Seal? {
        var entries: [Seal.Entry] = []
        while true {
            let place = reader.offset
            switch reader.next(isFinal: isFinal, wants: { _ in true }) {
            case .chunk(let chunk, let offset, _):
                entries.append(Seal.Entry(chunk, offset: offset))
                chunks += 1
                events += UInt64(chunk.count)
                losses += UInt64(reader.lossCount)
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
}
