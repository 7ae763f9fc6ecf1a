import AgentProtocol
import Indicator
import Testing

private func said(_ phase: RecordingState.Phase, _ text: String = "") -> Indication.Service {
    .said(RecordingState(phase: phase, text: text))
}

@Suite struct IndicationTests {
    @Test(
        arguments: [
            (.gone, .off, "not recording: no recorder"),
            (.silent, .off, "asking the recorder…"),
            (said(.recording), .recording, "recording"),
            // What it says beside "recording" is for other places: the badge is small.
            (said(.recording, "keys as counts"), .recording, "recording"),
            (said(.paused), .paused, "paused"),
            (said(.paused, "until 14:05"), .paused, "paused until 14:05"),
            (said(.off), .off, "not recording"),
            (said(.off, "no consent"), .off, "not recording: no consent"),
            (said(.off, "a\u{202E}b\n"), .off, "not recording: a\\u{202e}b\\u{a}"),
        ] as [(Indication.Service, Presentation.Symbol, String)])
    func showsWhatTheServiceSays(service: Indication.Service, symbol: Presentation.Symbol, text: String) {
        var indication = Indication()
        indication.heard(service)
        #expect(indication.presentation == Presentation(symbol: symbol, text: text))
    }

    @Test(
        arguments: [
            (.gone, nil), (.silent, .pause), (said(.recording), .pause), (said(.paused), .resume),
            // What keeps it from recording may be over in a moment.
            (said(.off, "locked"), .pause),
        ] as [(Indication.Service, PauseRequest.Action?)])
    func whatAClickAsksFor(service: Indication.Service, action: PauseRequest.Action?) {
        var indication = Indication()
        indication.heard(service)
        #expect(indication.clicked(atMicroseconds: 0)?.action == action)
    }

    @Test func aClickIsSeenAtOnceAndBelievedWhenTheServiceSaysSo() {
        var indication = Indication()
        indication.heard(said(.recording))
        _ = indication.clicked(atMicroseconds: 0)
        #expect(indication.presentation == Presentation(symbol: .recording, text: "pausing…", isPending: true))
        indication.heard(said(.recording))
        #expect(indication.presentation == Presentation(symbol: .recording, text: "recording"), "it was refused")
        _ = indication.clicked(atMicroseconds: 1_000_000)
        indication.heard(said(.paused))
        #expect(indication.presentation.text == "paused")
        _ = indication.clicked(atMicroseconds: 2_000_000)
        #expect(indication.presentation == Presentation(symbol: .paused, text: "resuming…", isPending: true))
        indication.heard(.gone)
        #expect(indication.presentation.symbol == .off)
    }

    @Test(arguments: [(0, false), (399_999, false), (400_000, true)] as [(UInt64, Bool)])
    func theSecondOfADoubleClickUndoesNothing(later: UInt64, counts: Bool) {
        var indication = Indication()
        indication.heard(said(.recording))
        _ = indication.clicked(atMicroseconds: 5_000_000)
        indication.heard(said(.paused))
        #expect(indication.clicked(atMicroseconds: 5_000_000 + later)?.action == (counts ? .resume : nil))
    }

    @Test func impatientClicksAllMeanTheSame() {
        var indication = Indication()
        indication.heard(said(.recording))
        for time in stride(from: UInt64(0), to: 5_000_000, by: 100_000) {
            #expect(indication.clicked(atMicroseconds: time)?.action != .resume)
        }
    }

    @Test func aMenuMayChangeItsMind() {
        var indication = Indication()
        indication.heard(said(.recording))
        #expect(indication.ask(.pause, seconds: 900) == PauseRequest(action: .pause, seconds: 900))
        #expect(indication.ask(.resume) == PauseRequest(action: .resume))
        #expect(indication.presentation.text == "resuming…")
    }
}

@Suite struct PresenceTests {
    private static let waiting = Presence.Means.pending("t")
    private static let lacking = Presence.Means.hidden("b")

    @Test(
        arguments: [
            (waiting, lacking, IndicatorState(isShown: false, means: "", reason: "no tray: t; no badge: b")),
            (waiting, .shown, IndicatorState(isShown: true, means: "layer-shell", reason: "")),
            (.shown, lacking, IndicatorState(isShown: true, means: "status-notifier-item", reason: "")),
            (.shown, .shown, IndicatorState(isShown: true, means: "status-notifier-item", reason: "")),
        ] as [(Presence.Means, Presence.Means, IndicatorState)])
    func whatTheServiceIsTold(tray: Presence.Means, badge: Presence.Means, state: IndicatorState) {
        #expect(Presence(tray: tray, badge: badge).state == state)
    }

    @Test func theServiceIsToldByWhatTheBadgeIsShown() {
        var presence = Presence(tray: Self.waiting, badge: .shown)
        presence.badgeShell = "weston-module"
        #expect(presence.state == IndicatorState(isShown: true, means: "weston-module", reason: ""))
    }

    @Test func theBadgeLeavesOnlyForATrayThatIsSeen() {
        #expect(Presence(tray: Self.waiting, badge: .shown).wantsBadge)
        #expect(Presence(tray: Self.lacking, badge: .shown).wantsBadge)
        #expect(!Presence(tray: .shown, badge: .shown).wantsBadge)
    }
}
