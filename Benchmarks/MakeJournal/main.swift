// make-journal DIRECTORY SEGMENTS MEGABYTES ACTIVE_MEGABYTES
//
// A journal as a long recording leaves it, made in seconds: SEGMENTS sealed segments of MEGABYTES together, and an active
// one of ACTIVE_MEGABYTES. Of a sealed segment only the first and the last chunks are there, with the seal, whose table
// lists them all; what lies between is a hole in the file. So queries by time and place meet what they would meet, and
// `kymo verify` does not. The last record is of this moment.
import Glibc
import SystemPackage

func complain(_ text: String) -> Never {
    _ = try? FileDescriptor.standardError.writeAll("make-journal: \(text)\n".utf8)
    exit(2)
}

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.dropFirst().map { UInt64($0) ?? 0 }
guard arguments.count == 4, let directory = arguments.first, numbers[0] > 0, numbers[1] > 0 else {
    complain("usage: make-journal DIRECTORY SEGMENTS MEGABYTES ACTIVE_MEGABYTES")
}
do {
    let maker = Maker(directory: FilePath(directory))
    try maker.make(
        segments: numbers[0], segmentBytes: (numbers[1] << 20) / numbers[0], activeBytes: numbers[2] << 20)
    print(
        "\(maker.records) records in \(numbers[0] + 1) segments, \(maker.fileBytes >> 20) MiB, "
            + "\(maker.writtenBytes >> 20) of them written")
} catch {
    complain("\(error)")
}
