import Glibc
import SystemPackage

@testable import Journal

// libFuzzer runs one input after the other, on one thread.
nonisolated(unsafe) private let directory: FuzzDirectory = {
    let directory = FuzzDirectory()
    atexit { removeDirectory() }
    return directory
}()
private func removeDirectory() { directory.remove() }

private let sealed = "kymograph-0000000001.lz4"
private let active = "kymograph-0000000001.active.lz4"

/// What a reader found of the one segment.
private struct Found: Equatable {
    var events: [StoredEvent] = []
    var damages: [Damage] = []
}

private func read(_ reader: JournalReader, into found: inout Found) {
    while let item = try! reader.next() {
        switch item {
        case .event(let event):
            if let last = found.events.last {
                demand(event.sequence > last.sequence, "numbers do not ascend")
            }
            for damage in found.damages {
                demand(damage.missing?.contains(event.sequence) != true, "what is missing is there")
            }
            found.events.append(event)
        case .damage(let damage): found.damages.append(damage)
        default: break
        }
    }
}

private func readAll() -> Found {
    var found = Found()
    read(try! JournalReader(directory: directory.path), into: &found)
    return found
}

/// A whole file: read and checked; and, each for a part of the inputs, since files are slow: followed while it grows,
/// recovered, entered in the middle. All of them find the same events.
func segmentTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    directory.clear()
    directory.write(sealed, bytes)
    let whole = readAll()
    var isDamaged = false
    try! SegmentVerification.verify(directory: directory.path) { isDamaged = $0.verdict == .damaged }
    demand(isDamaged || whole.damages.isEmpty, "a reader saw damage that the check did not")
    // What is done with an input may depend on anything that depends on nothing but the input.
    let choice = bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFF_FFFF }
    switch choice % 4 {
    case 0: readGrowing(bytes, cut: bytes.isEmpty ? 0 : choice / 4 % bytes.count, whole)
    case 1: readRecovered(whole)
    case 2: readFromTheMiddle(whole, index: choice / 4)
    default: break
    }
    return 0
}

/// A name that says "in the making" changes what the end means, and nothing else; nor does it matter where the end was
/// when somebody looked.
private func readGrowing(_ bytes: UnsafeRawBufferPointer, cut: Int, _ whole: Found) {
    directory.rename(sealed, to: active)
    let all = readAll()
    demand(whole.events.starts(with: all.events), "in the making: \(all), sealed: \(whole)")
    directory.clear()
    directory.write(active, UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
    var followed = Found()
    let follower = try! JournalReader(directory: directory.path)
    read(follower, into: &followed)
    directory.append(active, UnsafeRawBufferPointer(rebasing: bytes[cut...]))
    read(follower, into: &followed)
    demand(followed == all, "followed: \(followed), at once: \(all), cut at \(cut)")
}

/// A start keeps what can be read, and a second one finds nothing to do.
private func readRecovered(_ whole: Found) {
    directory.rename(sealed, to: active)
    recover()
    let recovered = readAll()
    demand(recovered.events == whole.events, "before recovery: \(whole), after: \(recovered)")
    recover()
    let again = readAll()
    demand(again == recovered, "after a second recovery: \(again), after the first: \(recovered)")
}

private let machine = try! Machine()

private func recover() {
    do {
        _ = try Recovery.run(directory: directory.path, machine: machine, files: UnsyncedFiles())
    } catch {
        demand(false, "a start fails on a file that anybody may have left: \(error)")
    }
}

/// The last so many events are the end of all events.
private func readFromTheMiddle(_ whole: Found, index: Int) {
    guard !whole.events.isEmpty, whole.damages.isEmpty else { return }
    let count = 1 + index % whole.events.count
    var found = Found()
    read(try! JournalReader(directory: directory.path, start: .last(UInt64(count))), into: &found)
    demand(found.events == Array(whole.events.suffix(count)), "the last \(count): \(found), all: \(whole)")
}
