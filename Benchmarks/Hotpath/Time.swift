import Events
import Glibc
import Journal
import Policy
import SystemPackage

/// CPU time of this thread, ns.
private func cpuNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Nanoseconds of CPU per report, phase by phase, of the reports in a file, and bytes; one line of JSON.
func time(_ path: FilePath, chunkMicroseconds: UInt64 = Phases.chunkMicroseconds) throws {
    let reports = try ReportFile.read(path)
    let ends = Phases.chunkEnds(reports, each: chunkMicroseconds) { $0.timeMicroseconds }
    let waiting = Queue<Event>(capacity: FormatLimit.chunkEvents)
    let permitted = Queue<PermittedEvent>(capacity: 2 * FormatLimit.chunkEvents)
    let phases = Phases()
    var gate: UInt64 = .max
    var encode: UInt64 = .max
    var compress: UInt64 = .max
    // The first round warms up what is made once; the quickest of the others is what the code costs.
    for round in 0..<4 {
        let desk = try Desk(openedMicroseconds: reports[0].timeMicroseconds - 1)
        phases.resetFigures()
        var spent: (gate: UInt64, encode: UInt64, compress: UInt64) = (0, 0, 0)
        var first = 0
        for end in ends {
            for report in reports[first..<end] { waiting.append(report.event) }
            let start = cpuNanoseconds()
            Phases.gate(waiting, desk, into: permitted)
            spent.gate += cpuNanoseconds() - start
            phases.hand(permitted)
            let handed = cpuNanoseconds()
            phases.encode()
            let encoded = cpuNanoseconds()
            phases.compress()
            spent.compress += cpuNanoseconds() - encoded
            spent.encode += encoded - handed
            first = end
        }
        guard round > 0 else { continue }
        gate = min(gate, spent.gate)
        encode = min(encode, spent.encode)
        compress = min(compress, spent.compress)
    }
    func each(_ total: UInt64) -> Double { Double(total) / Double(reports.count) }
    let headers = phases.chunks * ChunkEncoder.headerBytes
    print(
        "{\"reports\":\(reports.count),\"gate_ns\":\(each(gate)),\"encode_ns\":\(each(encode)),"
            + "\"compress_ns\":\(each(compress)),\"chunks\":\(phases.chunks),"
            + "\"payload_bytes\":\(Double(phases.payloadBytes) / Double(reports.count)),"
            + "\"bytes\":\(Double(phases.storedBytes + headers) / Double(reports.count))}")
}
