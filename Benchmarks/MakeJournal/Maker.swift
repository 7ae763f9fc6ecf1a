import Glibc
import Journal
import SystemPackage

/// Writes segment after segment; the last record is of this moment.
final class Maker {
    private static let chunkMicroseconds: UInt64 = 250_000
    /// Chunks that are written at either end of a sealed segment.
    private static let edgeChunks: UInt64 = 12
    private static let checkpointBytes: UInt64 = 1 << 20

    private let directory: FilePath
    private let opening = ChunkTemplate.opening()
    private let checkpoint = ChunkTemplate.checkpoint()
    private let motions = (0..<16).map { _ in ChunkTemplate.motion() }
    private let bootID = Identifier(hexadecimal: "0123456789abcdef0123456789abcdef".utf8)!
    private var nextSequence: UInt64 = 1
    private var monotonic: UInt64 = 100_000_000
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC, µs.
    private var realtimeOffset: UInt64 = 0
    private(set) var fileBytes: UInt64 = 0
    private(set) var writtenBytes: UInt64 = 0
    var records: UInt64 { nextSequence - 1 }

    init(directory: FilePath) { self.directory = directory }

    func make(segments: UInt64, segmentBytes: UInt64, activeBytes: UInt64) throws {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let all = segments * chunks(in: segmentBytes) + chunks(in: activeBytes)
        realtimeOffset = UInt64(now.tv_sec) * 1_000_000 - all * Self.chunkMicroseconds - monotonic
        for number in 1...segments { try makeSegment(number, chunks(in: segmentBytes), isActive: false) }
        try makeSegment(segments + 1, chunks(in: activeBytes), isActive: true)
    }

    private func chunks(in bytes: UInt64) -> UInt64 {
        max(2, bytes * UInt64(motions.count) / motions.reduce(0) { $0 + $1.bytes })
    }

    private func makeSegment(_ number: UInt64, _ chunks: UInt64, isActive: Bool) throws {
        let id = String(number, radix: 16)
        let header = SegmentHeader(
            segmentID: Identifier(hexadecimal: (String(repeating: "0", count: 32 - id.count) + id).utf8)!,
            number: number, machineID: bootID, bootID: bootID, firstSequence: nextSequence,
            monotonicMicroseconds: monotonic, realtimeMicroseconds: monotonic + realtimeOffset, userID: 1000,
            subject: "ada")
        let segment = try SparseSegment(directory: directory, header: header, isActive: isActive)
        try segment.write(opening, at: monotonic)
        var lastCheckpoint = segment.length
        for index in 0..<chunks {
            let isLastStretch = !isActive && index + Self.edgeChunks == chunks
            let isDue = segment.length - lastCheckpoint >= Self.checkpointBytes
            if isDue { lastCheckpoint = segment.length }
            let template = isDue || isLastStretch ? checkpoint : motions[Int(index) % motions.count]
            if isActive || index < Self.edgeChunks || index + Self.edgeChunks >= chunks {
                try segment.write(template, at: monotonic)
            } else {
                try segment.leaveOut(template, at: monotonic)
            }
            monotonic += Self.chunkMicroseconds
        }
        try segment.finish(sealed: !isActive)
        nextSequence = segment.nextSequence
        fileBytes += segment.length
        writtenBytes += segment.writtenBytes
    }
}
