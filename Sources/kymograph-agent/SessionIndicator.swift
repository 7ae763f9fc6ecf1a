import AgentProtocol
import Bus
import CLinuxShim
import EventLoop
import Indicator
import Logging

/// The indicator of this session: shows what the service says, tells the service whether it can be seen, and passes
/// on what the person asks for by clicking on it. Nothing switches it off.
final class SessionIndicator {
    private let loop: EventLoop
    private let send: (AgentMessage) -> Void
    /// Shows it in GNOME Shell's panel, where there is one.
    private let showInPanel: (Presentation) -> Void
    /// The badge has connected to the compositor.
    private let badgeConnected: () -> Void
    private var indication = Indication()
    private var presence = Presence(
        tray: .pending("the session's bus has not answered yet"), badge: .pending("no compositor has answered yet"))
    private var lastTold: IndicatorState?
    private var badge: Badge?
    private var tray: TrayItem?
    private let badgeRetry: Retry
    /// CLOCK_MONOTONIC, µs; nil while it is not shown.
    private var badgeShownMicroseconds: UInt64?
    private var lastNote = ""

    /// A badge that was there that long was no accident: when it goes, that is a new trouble.
    private static let steadyMicroseconds: UInt64 = 10_000_000

    init(
        loop: EventLoop, send: @escaping (AgentMessage) -> Void, showInPanel: @escaping (Presentation) -> Void,
        badgeConnected: @escaping () -> Void
    ) {
        self.loop = loop
        self.send = send
        self.showInPanel = showInPanel
        self.badgeConnected = badgeConnected
        badgeRetry = Retry(loop: loop, directory: Surroundings.runtimeDirectory) { $0.hasPrefix("wayland-") }
    }

    /// When to try again what is not shown; nil while nothing is to be tried.
    var deadlineMicroseconds: UInt64? { badgeRetry.deadlineMicroseconds }

    func actIfDue() {
        if badgeRetry.isDue { connectBadge() }
    }

    // MARK: the service

    func serviceCame() {
        hear(.silent)
        lastTold = nil
        tell()
    }

    func serviceSaid(_ state: RecordingState) { hear(.said(state)) }

    func serviceLeft() { hear(.gone) }

    private func hear(_ service: Indication.Service) {
        indication.heard(service)
        show()
    }

    private func tell() {
        guard presence.state != lastTold else { return }
        let state = presence.state
        if state.isShown { note(.info, "the indicator is shown: \(state.means)") }
        lastTold = state
        send(.indicator(state))
    }

    /// The same again is one line.
    private func note(_ level: LogLevel, _ text: String) {
        guard text != lastNote else { return }
        lastNote = text
        log(level, text)
    }

    // MARK: the person

    func clicked() {
        guard let request = indication.clicked(atMicroseconds: kymo_monotonic_microseconds()) else { return }
        send(.pauseRequest(request))
        show()
    }

    private func chosen(_ choice: TrayMenu.Choice) {
        let request =
            switch choice {
            case .pause(let seconds): indication.ask(.pause, seconds: seconds)
            case .resume: indication.ask(.resume)
            }
        guard let request else { return }
        send(.pauseRequest(request))
        show()
    }

    // MARK: the tray

    /// The session's bus is there: a tray would be on it.
    func busCame(_ bus: Bus) {
        do throws(BusError) {
            tray = try TrayItem(
                bus: bus, presentation: indication.presentation,
                handlers: TrayItem.Handlers(
                    changed: { [unowned self] in trayChanged() }, clicked: { [unowned self] in clicked() },
                    chosen: { [unowned self] in chosen($0) }))
        } catch {
            busLeft("\(error)")
        }
    }

    /// There is no bus, or none any more, and so no tray.
    func busLeft(_ reason: String) {
        tray = nil
        presence.tray = .pending(reason)
        presenceChanged()
    }

    private func trayChanged() {
        guard let tray else { return }
        presence.tray = tray.means
        if case .hidden(let reason) = tray.means { note(.notice, "no tray: \(reason)") }
        presenceChanged()
    }

    private func showInTray() {
        do throws(BusError) {
            try tray?.show(indication.presentation)
        } catch {
            // What it shows is not what is: that it is shown is no more worth saying.
            busLeft("\(error)")
        }
    }

    /// The badge comes before the tray's loss is told, and goes after its coming: no moment without either that the
    /// service could take for the end.
    private func presenceChanged() {
        if let badge {
            do throws(BadgeError) {
                try badge.show(indication.presentation, isWanted: presence.wantsBadge)
            } catch {
                loseBadge(error)
            }
        }
        tell()
    }

    // MARK: GNOME's panel

    /// Whether it is seen there; nil: there is no such panel.
    func panelChanged(_ means: Presence.Means?) {
        guard means != presence.panel else { return }
        if case .hidden(let reason)? = means { note(.notice, "not in GNOME's panel: \(reason)") }
        if case .pending? = means { showInPanel(indication.presentation) }
        presence.panel = means
        presenceChanged()
    }

    // MARK: what is seen

    private func show() {
        showInTray()
        showInPanel(indication.presentation)
        guard let badge else { return }
        do throws(BadgeError) {
            try badge.show(indication.presentation, isWanted: presence.wantsBadge)
        } catch {
            loseBadge(error)
        }
    }

    private func connectBadge() {
        guard let displayName = Surroundings.displayName else { return withoutBadge("there is no Wayland session") }
        do {
            let made = try Badge(
                displayName: displayName, presentation: indication.presentation, isWanted: presence.wantsBadge,
                handlers: Badge.Handlers(
                    changed: { [unowned self] in badgeChanged() }, clicked: { [unowned self] in clicked() }))
            try loop.add(made.fileDescriptor) { [unowned self] in dispatchBadge() }
            badge = made
            badgeConnected()
        } catch {
            return withoutBadge("\(error)")
        }
        badgeRetry.pause()
    }

    private func dispatchBadge() {
        do throws(BadgeError) {
            try badge?.dispatch()
        } catch {
            loseBadge(error)
        }
    }

    private func badgeChanged() {
        guard let badge else { return }
        presence.badge = badge.means
        presence.badgeShell = badge.shellName ?? presence.badgeShell
        badgeShownMicroseconds = badge.means == .shown ? kymo_monotonic_microseconds() : nil
        if case .hidden(let reason) = badge.means { note(.notice, "no badge: \(reason)") }
        tell()
    }

    private func loseBadge(_ error: BadgeError) {
        guard let old = badge else { return }
        loop.remove(old.fileDescriptor)
        badge = nil
        let now = kymo_monotonic_microseconds()
        if let since = badgeShownMicroseconds, now >= since + Self.steadyMicroseconds { badgeRetry.succeeded() }
        badgeShownMicroseconds = nil
        withoutBadge("\(error)")
    }

    private func withoutBadge(_ reason: String) {
        presence.badge = .hidden(reason)
        note(.notice, "no badge: \(reason)")
        tell()
        badgeRetry.later()
    }
}
