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
    /// Loss records in it, snapshots not counted.
    public var losses: UInt64 = 0
    public var bytes: UInt64 = 0

    /// Reads all of the journal's segments, oldest first.
    public static func verify(
        directory: FilePath, _ body: (SegmentVerification) throws -> Void
    ) throws {
        let names = try SegmentName.list(in: directory)
        var expected: UInt64?
        for name in names {
            var result = verify(name, in: directory, isNewest: name == names.last)
            if let expected, let first = result.first, first != expected, result.result.verdict != .damaged {
                result.result.verdict = .damaged
                result.result.damages.append(
                    Damage(
                        segment: name.number, offset: 0, reason: .sequenceGap,
                        missing: expected < first ? expected..<first : nil))
            }
            expected = result.next
            try body(result.result)
        }
    }

    private static func verify(
        _ name: SegmentName, in directory: FilePath, isNewest: Bool
    ) -> (result: SegmentVerification, first: UInt64?, next: UInt64?) {
        var result = SegmentVerification(name: name, verdict: name.isActive ? .active : .ok)
        let reader: SegmentReader
        do {
            reader = try SegmentReader(directory: directory, name: name)
        } catch {
            result.verdict = .damaged
            result.damages = [
                Damage(
                    segment: name.number, offset: 0, reason: .unreadableHeader, missing: nil,
                    detail: "\(error)")
            ]
            return (result, nil, nil)
        }
        walk: while true {
            switch reader.next(isFinal: !(name.isActive && isNewest), wants: { _ in true }) {
            case .chunk(_, _, let events):
                result.chunks += 1
                result.events += UInt64(events.count)
                for case let event? in events where !event.marks.contains(.snapshot) {
                    if case .loss = event.payload { result.losses += 1 }
                }
            case .damage(let damage):
                result.damages.append(damage)
                result.verdict = .damaged
            case .skipped: continue
            case .sealed, .end: break walk
            }
        }
        result.bytes = reader.offset
        return (result, reader.header.firstSequence, reader.expectedSequence)
    }
}
