// `FUZZ_TARGET=segment fuzz [options of libFuzzer] [corpora]`. The name comes in the environment because libFuzzer starts
// its own program anew for some of its work, and passes on all arguments but knows only its own.
import CLibFuzzer
import Glibc

let targets: [String: kymo_fuzz_target] = [
    "segment": segmentTarget, "chunk": chunkTarget, "frame": frameTarget, "intent": intentTarget,
    "cursor": cursorTarget, "agent": agentTarget, "service": serviceTarget, "configuration": configurationTarget,
    "receipt": receiptTarget, "control": controlTarget,
]
let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""

if name == "seeds", CommandLine.arguments.count == 2 {
    try writeSeeds(to: CommandLine.arguments[1])
} else if name == "segment-file", CommandLine.arguments.count == 3,
    let bytes = Int(CommandLine.arguments[2])
{
    try Flips.make(file: CommandLine.arguments[1], bytes: bytes)
} else if name == "flips", CommandLine.arguments.count == 4, let part = Int(CommandLine.arguments[2]),
    let parts = Int(CommandLine.arguments[3])
{
    exit(Flips.run(file: CommandLine.arguments[1], part: part, parts: parts) ? 0 : 1)
} else if let target = targets[name] {
    mutatesSegments = name == "segment"
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    let result = withUnsafeMutablePointer(to: &arguments) {
        $0.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>>.self, capacity: 1) {
            LLVMFuzzerRunDriver(&count, $0, target)
        }
    }
    exit(result)
} else {
    print("FUZZ_TARGET must be one of: \(targets.keys.sorted().joined(separator: " "))")
    print("or: seeds DIRECTORY, segment-file FILE BYTES, flips FILE PART PARTS")
    exit(2)
}
