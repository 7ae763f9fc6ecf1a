import Glibc
import Testing

@testable import Focus

/// A desk with one window, number 1, that is activated, a panel (10) and ourselves (11). A second passes between two looks.
private struct Desk {
    var doubt: LauncherDoubt
    var accepted: Set<UInt64> = [10, 11]
    var nextWindow: UInt64 = 2
    /// Of clients by their number.
    var programs: [UInt64: Int32] = [:]
    var relatives: [UInt64: Set<UInt64>] = [:]
    /// Of which the kernel says that they are.
    var ours: Set<UInt64> = []
    private var now: UInt64 = 1_000_000

    /// - Parameter isActivated: the window was activated before anybody looked.
    init(isActivated: Bool = false) {
        doubt = LauncherDoubt(
            atFirst: Connections(accepted: [10, 11]), nextWindow: 2, isActivated: isActivated, atMicroseconds: now)
    }

    /// What happened until a look that found it.
    mutating func look(
        come: Set<UInt64> = [], gone: Set<UInt64> = [], waiting: Int = 0, announced: UInt64 = 0,
        activated: [Activation] = [], after seconds: UInt64 = 1
    ) {
        now += seconds * 1_000_000
        accepted.formUnion(come)
        accepted.subtract(gone)
        nextWindow += announced
        doubt.looked(
            Connections(accepted: accepted, waiting: waiting), nextWindow: nextWindow, atMicroseconds: now,
            newcomer: { inode, known in
                Newcomer(
                    program: programs[inode], isOfKnown: !known.isDisjoint(with: relatives[inode] ?? []),
                    isOurs: ours.contains(inode))
            })
        doubt.activated(activated, atMicroseconds: now)
    }
    mutating func cannotLook() { doubt.looked(nil, nextWindow: nextWindow, atMicroseconds: now) { _, _ in Newcomer() } }
    var isInDoubt: Bool { doubt.reason != nil }
}

private func first(_ window: UInt64) -> Activation { Activation(window: window, isFirst: true) }
private func again(_ window: UInt64) -> Activation { Activation(window: window, isFirst: false) }

@Suite struct LauncherDoubtTests {
    @Test func whoWasThereFromTheStartIsNoneNews() {
        var desk = Desk()
        #expect(!desk.isInDoubt)
        desk.look()
        #expect(!desk.isInDoubt)
    }

    /// A lock screen that was there before the agent was not noticed, and who has the session's password typed it.
    @Test(arguments: [first(2), again(1)])
    func aboveAWindowFromBeforeTheFirstLookAnythingMayHaveTheKeyboardUntilTheNextChange(next: Activation) {
        var desk = Desk(isActivated: true)
        #expect(desk.isInDoubt)
        desk.look(after: 60)
        desk.look(come: [20])
        desk.look(gone: [20])
        desk.look(gone: [10])
        #expect(desk.isInDoubt)
        desk.look(announced: 1, activated: [next])
        #expect(!desk.isInDoubt)
        desk.look()
        #expect(!desk.isInDoubt)
    }

    /// It may have been there and not have had its menu on the screen yet.
    @Test func aChangeOfWindowInTheFirstSecondsSaysNothingOfWhoWasThereBefore() {
        var desk = Desk(isActivated: true)
        desk.look(activated: [again(1)], after: 4)
        #expect(desk.isInDoubt)
        desk.look(activated: [again(1)])
        #expect(!desk.isInDoubt)
    }

    @Test func newWindowsAreNoneOfWhoWasThereBefore() {
        var desk = Desk(isActivated: true)
        desk.look(announced: 3, activated: [first(2), first(3), first(4)])
        #expect(desk.isInDoubt)
    }

    @Test func aChangeOfWindowExplainsNoClientThatJustCame() {
        var desk = Desk(isActivated: true)
        desk.look(come: [20], activated: [again(1)], after: 60)
        #expect(desk.isInDoubt)
        desk.look(gone: [20])
        #expect(!desk.isInDoubt)
    }

    @Test func whereEveryoneOfBeforeIsGoneThereIsNoOther() {
        var desk = Desk(isActivated: true)
        desk.look(come: [20], gone: [10, 11])
        desk.look(gone: [20])
        #expect(!desk.isInDoubt)
    }

    @Test(arguments: [Connections(accepted: [10], waiting: 1), nil])
    func whomTheCompositorHasNotTakenAndWhomNobodySawMayBeAbove(connections: Connections?) {
        var doubt = LauncherDoubt(atFirst: connections, nextWindow: 2, isActivated: true, atMicroseconds: 0)
        let look = { (doubt: inout LauncherDoubt, now: UInt64) in
            doubt.looked(Connections(accepted: [10, 12]), nextWindow: 2, atMicroseconds: now) { inode, _ in
                Newcomer(program: Int32(inode))
            }
        }
        look(&doubt, 1)
        #expect(doubt.reason != nil)
        look(&doubt, 2 * LauncherDoubt.startMicroseconds)
        doubt.activated([again(1)], atMicroseconds: 2 * LauncherDoubt.startMicroseconds)
        #expect(doubt.reason == nil)
    }

    @Test func aClientThatComesMayBeALauncherUntilItIsGone() {
        var desk = Desk()
        desk.look(come: [20])
        #expect(desk.isInDoubt)
        desk.look()
        #expect(desk.isInDoubt)
        desk.look(gone: [20])
        #expect(!desk.isInDoubt)
    }

    @Test func oneLauncherAfterTheOther() {
        var desk = Desk()
        desk.look(come: [20])
        desk.look(come: [21], gone: [20])
        #expect(desk.isInDoubt)
        desk.look(come: [22])
        desk.look(gone: [21])
        #expect(desk.isInDoubt)
        desk.look(gone: [22])
        #expect(!desk.isInDoubt)
    }

    @Test func aClientWhoseWindowGetsTheKeyboardIsAnApp() {
        var desk = Desk()
        desk.look(come: [20])
        desk.look(announced: 1)
        #expect(desk.isInDoubt, "a window that is not activated has no keyboard")
        desk.look(activated: [first(2)])
        #expect(!desk.isInDoubt)
        desk.look()
        #expect(!desk.isInDoubt, "and stays one")
    }

    @Test func aClientAndItsWindowInOneLook() {
        var desk = Desk()
        desk.look(come: [20], announced: 1, activated: [first(2)])
        #expect(!desk.isInDoubt)
    }

    @Test func aWindowThatWasThereBeforeTheClientIsNotItsOwn() {
        var desk = Desk()
        desk.look(announced: 1)
        desk.look(come: [20])
        desk.look(activated: [first(2)])
        #expect(desk.isInDoubt)
    }

    @Test func aWindowThatComesBackExplainsNobody() {
        var desk = Desk()
        desk.look(come: [20], announced: 1)
        desk.look(activated: [again(1)])
        #expect(desk.isInDoubt)
    }

    @Test func oneWindowDoesNotExplainTwoClients() {
        var desk = Desk()
        desk.look(come: [20, 21], announced: 1, activated: [first(2)])
        #expect(desk.isInDoubt)
        desk.look(gone: [20])
        #expect(desk.isInDoubt, "it may have been that one's")
    }

    @Test func appsThatStartTogetherAreExplainedOneAfterTheOther() {
        var desk = Desk()
        desk.look(come: [20, 21])
        desk.look(come: [22], announced: 1, activated: [first(2)])
        desk.look(announced: 1, activated: [first(3)])
        #expect(desk.isInDoubt)
        desk.look(announced: 1, activated: [first(4)])
        #expect(!desk.isInDoubt)
        desk.look(come: [23])
        #expect(desk.isInDoubt, "their windows are used up")
    }

    @Test func oneWindowExplainsAllClientsOfAProgram() {
        var desk = Desk()
        desk.programs = [20: 500, 21: 500, 22: 501]
        desk.look(come: [20])
        desk.look(come: [21], announced: 1, activated: [first(2)])
        #expect(!desk.isInDoubt)
        desk.look(come: [22, 23], announced: 1, activated: [first(3)])
        #expect(desk.isInDoubt, "nobody knows whose the other one is")
    }

    @Test func aClientOfAProgramThatIsKnownIsNoLauncher() {
        var desk = Desk()
        desk.relatives = [20: [10], 22: [21]]
        desk.look(come: [20])
        #expect(!desk.isInDoubt)
        desk.look(come: [21])
        desk.look(come: [22])
        desk.look(gone: [21])
        #expect(desk.isInDoubt, "what made it was not known either")
    }

    @Test func aWindowExplainsNoClientThatCameBehindIt() {
        var desk = Desk()
        desk.look(come: [20, 21])
        desk.look(announced: 1, activated: [first(2)])
        desk.look(come: [22], gone: [21])
        desk.look(announced: 1, activated: [first(3)])
        #expect(desk.isInDoubt)
        desk.look(announced: 1, activated: [first(4)])
        #expect(!desk.isInDoubt)
    }

    @Test func aWindowDoesNotExplainWhoIsLeftWhenItsClientIsGone() {
        var desk = Desk()
        desk.look(come: [20, 21])
        desk.look(announced: 1, activated: [first(2)])
        desk.look(gone: [20])
        desk.look(activated: [again(1)])
        #expect(desk.isInDoubt)
    }

    @Test func twoWindowsExplainTwoClients() {
        var desk = Desk()
        desk.look(come: [20, 21], announced: 2, activated: [first(2), first(3)])
        #expect(!desk.isInDoubt)
    }

    @Test(arguments: [(seconds: UInt64(4), isInDoubt: true), (seconds: 5, isInDoubt: false)])
    func whatIsThereForLongAndLeavesTheKeyboardToAWindowIsNoLauncher(seconds: UInt64, isInDoubt: Bool) {
        var desk = Desk()
        desk.look(come: [20])
        desk.look(activated: [again(1)], after: seconds)
        #expect(desk.isInDoubt == isInDoubt)
    }

    @Test func timeAloneExplainsNobody() {
        var desk = Desk()
        desk.look(come: [20])
        desk.look(after: 3600)
        #expect(desk.isInDoubt)
    }

    @Test func eachClientHasItsOwnTime() {
        var desk = Desk()
        desk.look(come: [20])
        desk.look(come: [21], after: 4)
        desk.look(activated: [again(1)])
        #expect(desk.isInDoubt)
        desk.look(gone: [21])
        #expect(!desk.isInDoubt, "the other one is explained")
    }

    @Test func aConnectionOfOurOwn() {
        var desk = Desk()
        desk.doubt.connected()
        #expect(desk.doubt.expectsConnection)
        desk.look(come: [20])
        #expect(!desk.isInDoubt && !desk.doubt.expectsConnection)
        desk.look(come: [21])
        #expect(desk.isInDoubt, "it counts for one")
    }

    @Test func aConnectionOfOurOwnThatHasToWait() {
        var desk = Desk()
        desk.doubt.connected()
        desk.look(waiting: 1)
        #expect(desk.doubt.expectsConnection)
        desk.look(come: [20])
        #expect(!desk.isInDoubt)
    }

    @Test func aConnectionOfOurOwnThatDidNotLastExcusesNobody() {
        var desk = Desk()
        desk.doubt.connected()
        desk.look()
        #expect(!desk.doubt.expectsConnection)
        desk.look(come: [20])
        #expect(desk.isInDoubt)
    }

    @Test func ourOwnBesideAnother() {
        var desk = Desk()
        desk.doubt.connected()
        desk.look(come: [20, 21])
        #expect(desk.isInDoubt, "nobody can tell them apart")
        desk.look(gone: [21])
        #expect(desk.isInDoubt)
    }

    /// A launcher that the compositor took before our next connection was taken for that.
    @Test func whoIsKnownNotToBeUsIsNotTakenForUs() {
        var desk = Desk()
        desk.programs[20] = 20
        desk.ours = [21]
        desk.doubt.connected()
        desk.look(come: [20], waiting: 1)
        #expect(desk.isInDoubt)
        desk.look(come: [21])
        #expect(desk.isInDoubt)
        desk.look(gone: [20])
        #expect(!desk.isInDoubt)
    }

    @Test func whoCannotLookDoesNotKnow() {
        var desk = Desk()
        desk.cannotLook()
        #expect(desk.isInDoubt)
        desk.look()
        #expect(!desk.isInDoubt)
        #expect(LauncherDoubt(atFirst: nil, nextWindow: 1, isActivated: false, atMicroseconds: 0).reason != nil)
    }
}

@Suite struct PeerProcessTests {
    @Test func theOtherEndOfAConnectionIsThisProcess() {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #expect(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        var status = stat()
        fstat(ends[0], &status)
        // A child of another test's has it, too, until it becomes another program.
        let isOurs = (0..<1000).contains { _ in
            if PeerProcess.connected(to: UInt64(status.st_ino)) == getpid() { return true }
            usleep(1000)
            return false
        }
        #expect(isOurs)
        #expect(PeerProcess.connected(to: 0) == nil)
        #expect(PeerProcess.connected(to: .max) == nil)
    }

    @Test func anAnswerThatIsCutShortSaysNothing() {
        // nlmsghdr (length, SOCK_DIAG_BY_FAMILY), unix_diag_msg; 8 bytes of another attribute, then the peer.
        let whole: [UInt8] =
            [48, 0, 0, 0, 20, 0] + [UInt8](repeating: 0, count: 26) + [8, 0, 9, 0, 1, 2, 3, 4, 8, 0, 2, 0, 5, 1, 0, 0]
        #expect(PeerProcess.peer(inAnswer: whole) == 261)
        for count in 0..<whole.count { #expect(PeerProcess.peer(inAnswer: Array(whole[..<count])) == nil) }
        #expect(PeerProcess.peer(inAnswer: [UInt8](repeating: 0, count: 48)) == nil)
    }
}

@Suite struct SocketTableTests {
    @Test func connectionsOfAPath() {
        let text = """
            Num       RefCount Protocol Flags    Type St Inode Path
            0000000034b2113c: 00000002 00000000 00010000 0001 01  1000 /run/user/1000/wayland-0
            000000004110bbc8: 00000003 00000000 00000000 0001 03 77417 /run/user/1000/wayland-0
            00000000d420c2d9: 00000003 00000000 00000000 0001 03 77412
            00000000d420c2da: 00000003 00000000 00000000 0001 03 77413 /run/user/1000/bus
            00000000d420c2db: 00000003 00000000 00000000 0001 03 77414 /run/user/1000/wayland-01
            00000000d420c2dc: 00000003 00000000 00000000 0001 03 77415 @/run/user/1000/wayland-0
            0000000087fba198: 00000003 00000000 00000000 0001 03 77418 /run/user/1000/wayland-0
            0000000087fba199: 00000002 00000000 00000000 0001 02     0 /run/user/1000/wayland-0
            0000000087fba19a: 00000002 00000000 00000000 0001 04 77419 /run/user/1000/wayland-0
            cut short /run/user/1000/wayland-0

            """
        let found = SocketTable.connections(in: Array(text.utf8), pathSuffix: Array(" /run/user/1000/wayland-0".utf8))
        #expect(found == Connections(accepted: [77417, 77418], waiting: 1))
    }

    @Test func inodesOfWhatIsWaitedFor() {
        let text = """
            pos:\t0
            flags:\t02000002
            mnt_id:\t16
            ino:\t2086
            tfd:        7 events:       19 data:     55d0c0a8b8a0  pos:0 ino:12e69 sdev:8
            tfd:       11 events:       19 data:     55d0c0a8b8f0  pos:0 ino:826 sdev:f
            tfd:       12 events:       19 data:     55d0c0a8b8f0  pos:0 ino:xyz sdev:f

            """
        #expect(SocketTable.inodes(inWaits: Array(text.utf8)) == [77417, 0x826])
    }
}
