import Events
import Testing

@testable import Policy

@Suite struct PermissionTests {
    private static let ada = SeatSession(id: "2", subject: "ada", userID: 1000)

    /// Everything in order; what is changed from here is one thing.
    private static func granted(_ change: (inout Permission) -> Void = { _ in }) -> Permission {
        var permission = Permission()
        permission.seat = .session(ada)
        permission.consent = .given("receipt")
        permission.isIndicatorShown = true
        change(&permission)
        return permission
    }

    private static func session(_ change: (inout SeatSession) -> Void) -> SeatSession {
        var session = ada
        change(&session)
        return session
    }

    @Test func everythingMustBeKnownToBeRight() {
        #expect(Self.granted().verdict == .open(Self.ada, receipt: "receipt"))
        #expect(Permission().verdict.closure?.reason == .sessionUnknown)
        var seatAlone = Permission()
        seatAlone.seat = .session(Self.ada)
        #expect(seatAlone.verdict.closure?.reason == .noConsent)
    }

    @Test(arguments: [
        (SeatState.unknown("x"), SuppressionReason.sessionUnknown), (.empty, .inactive),
        (.session(session { $0.sessionClass = "greeter" }), .inactive),
        (.session(session { $0.sessionClass = "lock-screen" }), .inactive),
        (.session(session { $0.sessionClass = "user-light" }), .inactive),
        (.session(session { $0.sessionClass = "" }), .inactive),
        (.session(session { $0.type = "tty" }), .inactive), (.session(session { $0.type = "unspecified" }), .inactive),
        (.session(session { $0.isActive = false }), .inactive), (.session(session { $0.isRemote = true }), .inactive),
        (.session(session { $0.userID = 0 }), .inactive), (.session(session { $0.isLocked = true }), .locked),
    ])
    func theSeatDecides(_ seat: SeatState, _ reason: SuppressionReason) {
        var permission = Self.granted()
        permission.seat = seat
        permission.isIndicatorShown = true
        #expect(permission.verdict.closure?.reason == reason)
    }

    @Test func eachConditionClosesAlone() {
        let cases: [(SuppressionReason, (inout Permission) -> Void)] = [
            (.suspended, { $0.isSuspending = true }), (.locked, { $0.isLockReported = true }),
            (.noConsent, { $0.consent = .missing("withdrawn") }), (.paused, { $0.isPaused = true }),
            (.noIndicator, { $0.isIndicatorShown = false }),
        ]
        for (reason, change) in cases { #expect(Self.granted(change).verdict.closure?.reason == reason) }
    }

    /// What the session says of its lock can close; that it is unlocked opens nothing that logind calls locked.
    @Test func twoWordsOnTheLockAreBothHeard() {
        for (hint, report) in [(true, false), (false, true), (true, true)] {
            var permission = Self.granted()
            permission.seat = .session(Self.session { $0.isLocked = hint })
            permission.isLockReported = report
            #expect(permission.verdict.closure?.reason == .locked)
        }
    }

    @Test func anotherSessionBeginsWithNothingShown() {
        var permission = Self.granted { $0.isLockReported = true }
        permission.seat = .session(Self.session { $0.isLocked = true })
        #expect(permission.isIndicatorShown && permission.isLockReported, "the same session")
        permission.seat = .session(Self.session { $0.id = "3" })
        #expect(!permission.isIndicatorShown && !permission.isLockReported)
        permission.isIndicatorShown = true
        permission.seat = .empty
        permission.seat = .session(Self.session { $0.id = "3" })
        #expect(!permission.isIndicatorShown, "it was away in between")
    }

    @Test func aLockedPersonIsStillPresentAndAGreeterNever() {
        #expect(Self.granted { $0.isLockReported = true }.presentSession == Self.ada)
        for change in [
            { (session: inout SeatSession) in session.sessionClass = "greeter" }, { $0.isRemote = true },
            { $0.isActive = false }, { $0.userID = 0 },
        ] {
            #expect(Self.granted { $0.seat = .session(Self.session(change)) }.presentSession == nil)
        }
    }
}
