import Events
import Glibc

@testable import Consent
@testable import JournalAccess
@testable import Policy

/// A receipt from anywhere: what is taken as one says the same when it is written again.
func receiptTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let text = String(validating: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self),
        let receipt = try? Receipt(verifying: text)
    else { return 0 }
    demand((try? Receipt(verifying: text)) == receipt, "read differently the second time")
    return 0
}

/// What any process may say to the recorder, and what anybody who stands in its place may answer.
func controlTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = UnsafeRawBufferPointer(start: start, count: count)
    if let text = String(validating: packet, as: UTF8.self) {
        if let request = ControlRequest(text: text) {
            demand(ControlRequest(text: request.text) == request, "a request is not what it was")
        }
        if let view = try? ConsentView(text: text) {
            demand(view.text == text, "a view has two spellings")
        }
    }
    if let reply = ControlReply(bytes: packet), count <= ControlReply.partLimit {
        demand(reply.bytes.count <= ControlReply.sizeLimit, "a reply grows")
    }
    return 0
}

/// What a process that may connect says to the reader, and what it may be answered.
func readingTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = UnsafeRawBufferPointer(start: start, count: count)
    if let request = ReadingRequest(packet) {
        demand(request.bytes.map { packet.elementsEqual($0) } ?? false, "a request has two spellings")
    }
    if let reply = ReadingReply(packet) { demand(ReadingReply(reply.bytes) == reply, "a reply is not what it was") }
    return 0
}

/// A receipt of a host whose key is the same each time, and the texts of the control socket.
func consentSeeds(scratch: String) throws -> [(target: String, name: String, bytes: [UInt8])] {
    mkdir(scratch, 0o700)
    let directory = try PrivateDirectory(scratch)
    try directory.write("host.key", Array((String(repeating: "7", count: 64) + "\n").utf8))
    let host = try Host(directory: directory, machineID: "fuzz")
    let receipt = Receipt(
        subject: "ada", userID: 1000, serial: 3, realtimeMicroseconds: 1_700_000_000_000_000, version: "1.0.0",
        notice: "What is recorded\n", policy: "default class\n", host: host)
    let view = ConsentView(
        subject: "ada", receipt: "", reason: "not asked\nyet", notice: "What is recorded\n", policy: "default class\n")
    let requests: [ControlRequest] = [
        .show, .grant(notice: "ab", policy: "cd"), .withdraw, .receipt, .accesses, .pause(seconds: 600), .resume,
        .forget(.everything), .forget(.span(1...2, app: AppGlob("foo*"))), .rules, .setRules("[[rule]]\n"), .account,
        .mine(OwnReading(form: .json)),
    ]
    let replies: [ControlReply] = [.part([1, 2]), .progress("1 of 2"), .done, .refused("no")]
    return [
        ("receipt", "receipt", Array(try receipt.signed(by: host.key).utf8)),
        ("control", "view", Array(view.text.utf8)),
    ]
        + [
            (
                "reading", "request",
                ReadingRequest(arguments: ["show", "--since", "10 min ago"], isColored: true).bytes ?? []
            ),
            ("reading", "finished", ReadingReply.finished(2).bytes),
            ("reading", "refused", ReadingReply.refused("no").bytes),
        ]
        + requests.enumerated().map { ("control", "request-\($0)", Array($1.text.utf8)) }
        + replies.enumerated().map { ("control", "reply-\($0)", $1.bytes) }
}
