import EventLoop
import Glibc
import Testing

@testable import Focus

/// A compositor's socket whose messages have their length in the first byte; 0 is nothing of its protocol's.
private final class Peer {
    var taken: [[UInt8]] = []
    var lost = 0
    let loop: EventLoop
    private var ends: [Int32] = [-1, -1]
    private let stream: CompositorStream

    init(limit: Int = 100) throws {
        loop = try EventLoop()
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        stream = CompositorStream(ends[0], loop: loop, limit: limit) { received in
            guard let length = received.first else { return .incomplete }
            return length == 0 ? .unknown : .message(length: Int(length))
        }
        let isTaken = stream.begin(
            take: { [unowned self] in taken.append(Array($0)) },
            lost: { [unowned self] in
                lost += 1
                stream.end()
            })
        try #require(isTaken)
    }

    deinit {
        stream.end()
        if ends[1] >= 0 { close(ends[1]) }
    }

    func say(_ bytes: [UInt8]) throws {
        try #require(send(ends[1], bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        loop.turn(untilMicroseconds: 0)
    }

    func hangUp() {
        // Also where a child of another test's has a copy.
        if ends[1] >= 0 {
            shutdown(ends[1], Int32(SHUT_RDWR))
            close(ends[1])
        }
        ends[1] = -1
        loop.turn(untilMicroseconds: 0)
    }
}

private let three: [UInt8] = [2, 10, 1, 4, 20, 21, 22]

@Suite struct CompositorStreamTests {
    @Test(arguments: 1..<three.count) func messagesComeWholeWhereverTheyAreCut(at cut: Int) throws {
        let peer = try Peer()
        try peer.say(Array(three[..<cut]))
        try peer.say(Array(three[cut...]))
        #expect(peer.taken == [[2, 10], [1], [4, 20, 21, 22]])
        #expect(peer.lost == 0)
    }

    @Test(arguments: [(length: 5, isLost: false), (length: 6, isLost: true)])
    func aMessageOfTheLimitIsTakenAndALongerOneIsNot(length: Int, isLost: Bool) throws {
        let peer = try Peer(limit: 5)
        try peer.say([UInt8(length)] + [UInt8](repeating: 1, count: length - 1))
        #expect(peer.taken.count == (isLost ? 0 : 1))
        #expect(peer.lost == (isLost ? 1 : 0))
    }

    /// What lay there while the agent was stopped was once taken for one message.
    @Test func manyMessagesTogetherAreNotTooLong() throws {
        let peer = try Peer(limit: 5)
        try peer.say((0..<4000).flatMap { _ in [5, 1, 2, 3, 4] as [UInt8] })
        while peer.taken.count < 4000 { peer.loop.turn(untilMicroseconds: 0) }
        #expect(peer.taken.allSatisfy { $0 == [5, 1, 2, 3, 4] })
        #expect(peer.lost == 0)
    }

    @Test func whatIsNotUnderstoodIsTheEndAndWhatCameBeforeIsTaken() throws {
        let peer = try Peer()
        try peer.say([2, 9, 0, 1, 1])
        #expect(peer.taken == [[2, 9]])
        #expect(peer.lost == 1)
    }

    @Test func whoHangsUpIsLostOnce() throws {
        let peer = try Peer()
        try peer.say([3, 1])
        peer.hangUp()
        peer.hangUp()
        #expect(peer.taken == [])
        #expect(peer.lost == 1)
    }
}
