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

/// Nanoseconds of CPU per report, phase by phase, of the reports in a file; one line of JSON.
func time(_ path: FilePath) throws {
    let events = try ReportFile.read(path).map(\.event)
    let phases = Phases()
    var gate: UInt64 = .max
    var encode: UInt64 = .max
    var compress: UInt64 = .max
    // The first round warms up what is made once; the quickest of the others is what the code costs.
    for round in 0..<4 {
        let desk = try Desk(openedMicroseconds: events[0].timeMicroseconds - 1)
        var permitted: [PermittedEvent] = []
        permitted.reserveCapacity(events.count + 16)
        let start = cpuNanoseconds()
        Phases.gate(events, desk, into: &permitted)
        let gateTime = cpuNanoseconds() - start
        phases.resetFigures()
        var encodeTime: UInt64 = 0
        var compressTime: UInt64 = 0
        var first = 0
        for end in Phases.chunkEnds(permitted) {
            let began = cpuNanoseconds()
            phases.encode(permitted[first..<end])
            let encoded = cpuNanoseconds()
            phases.compress()
            compressTime += cpuNanoseconds() - encoded
            encodeTime += encoded - began
            first = end
        }
        guard round > 0 else { continue }
        gate = min(gate, gateTime)
        encode = min(encode, encodeTime)
        compress = min(compress, compressTime)
    }
    func each(_ total: UInt64) -> Double { Double(total) / Double(events.count) }
    let headers = phases.chunks * ChunkEncoder.headerBytes
    print(
        "{\"reports\":\(events.count),\"gate_ns\":\(each(gate)),\"encode_ns\":\(each(encode)),"
            + "\"compress_ns\":\(each(compress)),\"chunks\":\(phases.chunks),"
            + "\"payload_bytes\":\(Double(phases.payloadBytes) / Double(events.count)),"
            + "\"bytes\":\(Double(phases.storedBytes + headers) / Double(events.count))}")
}
