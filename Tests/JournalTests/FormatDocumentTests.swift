import Events
import Glibc
import SystemPackage
import Testing

@testable import Journal

/// A reader that was written from docs/FORMAT.md alone (Tests/Format, Python) must find what ours finds: the same
/// records, the same damage. Where they differ, the document or the code is wrong.
@Suite struct FormatDocumentTests {
    private func compare(_ directories: [FilePath]) throws -> (isContent: Bool, words: String) {
        try runReader("compare.py", directories.map(\.string))
    }

    /// Records of every kind in three segments, times as a person's would be.
    private func journal() throws -> Scratch {
        let scratch = try Scratch()
        var options = JournalOptions()
        options.segmentBytes = 2500
        options.chunkMicroseconds = 2000
        let journal = try JournalWriter(directory: scratch.path, options: options, origin: origin)
        var random = SplitMix(state: 7)
        var time: UInt64 = 5_000_000
        while scratch.files.filter({ $0.hasSuffix(".lz4") }).count < 4 {
            time += .random(in: 0...9000, using: &random)
            var payload = everyKind.randomElement(using: &random)!
            if Bool.random(using: &random) { payload = move(time, .random(in: -50...50, using: &random)).payload }
            let event = Event(
                timeMicroseconds: time, device: .random(in: 0...3, using: &random),
                focus: .random(in: 0...3, using: &random), marks: Marks(rawValue: .random(in: 0...3, using: &random)),
                payload: payload)
            while !journal.append(event) { sched_yield() }
        }
        journal.stop()
        return scratch
    }

    private func copy(_ scratch: Scratch, change: (_ name: String, _ bytes: inout [UInt8]) -> Void) throws -> Scratch {
        let other = try Scratch()
        for name in scratch.files where name.hasSuffix(".lz4") {
            var bytes = try scratch.read(name)
            change(name, &bytes)
            if !bytes.isEmpty { try other.write(name, bytes) }
        }
        return other
    }

    @Test func theDocumentSufficesForAJournalOfEveryKind() throws {
        let scratch = try journal()
        let result = try compare([scratch.path])
        #expect(result.isContent, "\(result.words)")
        #expect(result.words.contains(", 0 of them damage; 0 not whole"))
    }

    @Test func theDocumentSufficesForTombstones() throws {
        let scratch = try journal()
        try scratch.forget(chunks: [0], ofSegment: 1)
        try scratch.forget(chunks: [1, 2], ofSegment: 2)
        let whole = try compare([scratch.path])
        #expect(whole.isContent, "\(whole.words)")
        #expect(whole.words.contains(", 0 of them damage; 0 not whole"))
        let victim = "kymograph-0000000002.lz4"
        let length = try scratch.read(victim).count
        let broken = try stride(from: 150 * 8, to: length * 8, by: 93).map { bit in
            try copy(scratch) { name, bytes in if name == victim { bytes[bit / 8] ^= 1 << (bit % 8) } }
        }
        let result = try compare(broken.map(\.path))
        #expect(result.isContent, "\(result.words)")
        #expect(result.words.contains("; \(broken.count) not whole"))
    }

    @Test func theDocumentSufficesForDamage() throws {
        let whole = try journal()
        let victim = "kymograph-0000000002.lz4"
        var random = SplitMix(state: 11)
        var broken: [Scratch] = []
        // One segment gone; one cut short at some byte, in the middle and as the last, sealed and still active.
        broken.append(try copy(whole) { name, bytes in if name == victim { bytes = [] } })
        let length = try whole.read(victim).count
        for _ in 0..<12 {
            let cut = Int.random(in: 1..<length, using: &random)
            broken.append(try copy(whole) { name, bytes in if name == victim { bytes = Array(bytes.prefix(cut)) } })
            let alone = try Scratch()
            try alone.write("kymograph-0000000001.lz4", whole.read("kymograph-0000000001.lz4"))
            try alone.write("kymograph-0000000002.active.lz4", whole.read(victim).prefix(cut))
            broken.append(alone)
            let sealed = try Scratch()
            try sealed.write("kymograph-0000000001.lz4", whole.read("kymograph-0000000001.lz4"))
            try sealed.write("kymograph-0000000002.lz4", whole.read(victim).prefix(cut))
            broken.append(sealed)
        }
        for _ in 0..<40 {
            let bit = Int.random(in: 0..<length * 8, using: &random)
            broken.append(try copy(whole) { name, bytes in if name == victim { bytes[bit / 8] ^= 1 << (bit % 8) } })
        }
        let result = try compare(broken.map(\.path))
        #expect(result.isContent, "\(result.words)")
    }
}

/// What one of the programs of Tests/Format says of `kymo` as it was built with the tests, and whether it was content.
func runReader(_ program: String, _ arguments: [String]) throws -> (isContent: Bool, words: String) {
    let own = try FilePath(#require(realPath("/proc/self/exe")))
    let binary = own.removingLastComponent().appending("kymo")
    try #require(access(binary.string, X_OK) == 0, "\(binary) is not built: swift build --build-tests makes it")
    let script = FilePath(#filePath).removingLastComponent().appending("../Format").appending(program)
    let words = (["python3", "-B", script.string, binary.string] + arguments).joined(separator: " ")
    let pipe = try #require(popen("\(words) 2>&1", "r"))
    var text = ""
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), pipe) != nil {
        text += String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    return (pclose(pipe) == 0, text)
}

private func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
