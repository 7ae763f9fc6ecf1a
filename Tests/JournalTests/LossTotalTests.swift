import Events
import SystemPackage
import Testing

@testable import Journal
@testable import Policy

@Suite struct LossTotalTests {
    /// A reader that sees only the last chunk still knows what is missing.
    @Test func everyChunkHeaderRepeatsAllLossesSoFar() throws {
        let scratch = try Scratch()
        var options = quick()
        options.segmentBytes = 900
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        for time in 1...30 {
            let count: UInt64? = time % 3 == 0 ? nil : 10
            let loss = Loss(
                reason: .kernelBuffer, startMicroseconds: UInt64(time), endMicroseconds: UInt64(time), count: count)
            let written = journal.statistics.events
            #expect(journal.append(PermittedEvent(loss: loss)))
            #expect(eventually { journal.statistics.events > written })
        }
        journal.stop()
        var events: UInt64 = 0
        var unknown: UInt32 = 0
        let names = try SegmentName.list(in: scratch.path)
        #expect(names.count > 2)
        for name in names {
            let reader = try SegmentReader(directory: scratch.path, name: name)
            while case .chunk(let header, _, let records) = reader.next(isFinal: true, wants: { _ in true }) {
                for case .loss(let loss)? in records.map({ $0?.payload }) {
                    events += loss.count ?? 0
                    unknown += loss.count == nil ? 1 : 0
                }
                #expect(header.lostEvents == events)
                #expect(header.unknownLosses == unknown)
            }
        }
        #expect(events == 200)
        #expect(unknown == 10)
    }
}
