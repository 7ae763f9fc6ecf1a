// `FUZZ_TARGET=segment fuzz [options of libFuzzer] [corpora]`. The name comes in the environment because libFuzzer starts
// its own program anew for some of its work, and passes on all arguments but knows only its own.
import CLibFuzzer
import Glibc

let targets: [String: kymo_fuzz_target] = [
    "segment": segmentTarget, "chunk": chunkTarget, "frame": frameTarget, "intent": intentTarget,
    "cursor": cursorTarget, "agent": agentTarget, "service": serviceTarget, "configuration": configurationTarget,
    "receipt": receiptTarget, "control": controlTarget, "reading": readingTarget,
    "answer": answerTarget,
]
let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""

if name == "seeds", CommandLine.arguments.count == 2 {
    try writeSeeds(to: CommandLine.arguments[1])
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
    print("or seeds, with a DIRECTORY")
    exit(2)
}
