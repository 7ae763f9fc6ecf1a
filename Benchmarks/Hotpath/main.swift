import Glibc
import SystemPackage

/// hotpath: the way of an event between the device and the disk, without either. Used by Benchmarks/bench.py and
/// Benchmarks/guard.
///
///   hotpath reports RATE COUNT FILE    makes a file of mouse reports
///   hotpath time FILE [CHUNK_MS]       CPU time of each phase, per report
///   hotpath journal FILE BYTES sealed|active DIRECTORY
///                                      writes those reports over and over, in chunks as they are made live
///   hotpath count EVENTS DIRECTORY     runs each phase over so many events, for callgrind
func run(_ arguments: [String]) throws -> Int32 {
    switch (arguments.first, arguments.count) {
    case ("reports", 4):
        guard let rate = Int(arguments[1]), let count = Int(arguments[2]) else { return 64 }
        var hand = Hand(rate: rate)
        try ReportFile.write((0..<count).map { _ in hand.next() }, to: FilePath(arguments[3]))
    case ("time", 2): try time(FilePath(arguments[1]))
    case ("time", 3):
        guard let milliseconds = UInt64(arguments[2]) else { return 64 }
        try time(FilePath(arguments[1]), chunkMicroseconds: milliseconds * 1000)
    case ("journal", 5):
        guard let bytes = UInt64(arguments[2]) else { return 64 }
        try makeJournal(
            ReportFile.read(FilePath(arguments[1])), bytes: bytes, seals: arguments[3] == "sealed",
            directory: FilePath(arguments[4]))
    case ("count", 3):
        guard let events = Int(arguments[1]), events > 0 else { return 64 }
        try count(events: events, directory: FilePath(arguments[2]))
    default: return 64
    }
    return 0
}

let status = try run(Array(CommandLine.arguments.dropFirst()))
if status == 64 { print("usage: hotpath reports RATE COUNT FILE | time FILE | journal FILE BYTES sealed|active DIRECTORY | count EVENTS DIRECTORY") }
exit(status)
