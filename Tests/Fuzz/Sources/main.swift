import AgentProtocol
import CLibFuzzer

private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = UnsafeRawBufferPointer(start: start, count: count)
    if let message = try? AgentMessage(decoding: packet) {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        precondition(bytes.elementsEqual(packet))
    }
    return 0
}
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
_ = withUnsafeMutablePointer(to: &arguments) { pointer in
    pointer.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>>.self, capacity: 1) {
        LLVMFuzzerRunDriver(&count, $0, testOneInput)
    }
}
