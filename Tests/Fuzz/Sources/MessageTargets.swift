import AgentProtocol

@testable import Configuration

/// What the agent sends: a packet that is taken must be the only one that says so.
func agentTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = UnsafeRawBufferPointer(start: start, count: count)
    guard let message = try? AgentMessage(decoding: packet) else { return 0 }
    var bytes: [UInt8] = []
    message.encode(into: &bytes)
    demand(bytes.elementsEqual(packet), "a packet has two meanings, or a meaning two packets")
    return 0
}

/// What the service answers.
func serviceTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = UnsafeRawBufferPointer(start: start, count: count)
    guard let message = try? DaemonMessage(decoding: packet) else { return 0 }
    var bytes: [UInt8] = []
    message.encode(into: &bytes)
    demand(bytes.elementsEqual(packet), "a packet has two meanings, or a meaning two packets")
    return 0
}

/// A configuration file: errors name a line that is there, and each file is read the same way twice.
func configurationTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let text = String(validating: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self) else {
        return 0
    }
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") } + 1
    let reader = ConfigurationReader(file: "kymograph.toml", text: text)
    var first = Configuration()
    let errors = reader.apply(to: &first)
    for error in errors {
        demand(error.line.map { (1...lines).contains($0) } ?? true, "an error in line \(error.line ?? 0)")
        demand(!error.message.isEmpty, "an error without a message")
    }
    var second = Configuration()
    demand(reader.apply(to: &second) == errors && first == second, "read differently the second time")
    return 0
}
