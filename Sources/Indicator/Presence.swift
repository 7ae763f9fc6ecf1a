import AgentProtocol

/// Whether a person can see the indicator, by which of two means, or why by neither.
public struct Presence: Sendable, Equatable {
    /// One of the means.
    public enum Means: Sendable, Equatable {
        /// Proved to be visible.
        case shown
        /// What it waits for; that comes by itself, or not.
        case pending(String)
        /// Why it is not to be had here and now.
        case hidden(String)

        var reason: String {
            switch self {
            case .shown: ""
            case .pending(let reason), .hidden(let reason): reason
            }
        }
    }

    /// The item in a desktop's own tray.
    public var tray: Means
    /// The badge that the agent draws itself.
    public var badge: Means
    /// By what the badge is shown, as the service is told.
    public var badgeShell = "layer-shell"

    /// The button in GNOME Shell's panel; nil: another desktop.
    public var panel: Means?

    public init(tray: Means, badge: Means, panel: Means? = nil) {
        self.tray = tray
        self.badge = badge
        self.panel = panel
    }

    /// The tray is where a person looks for such things, so the badge leaves when the tray is proved to show us, and
    /// not before: no moment without either.
    public var wantsBadge: Bool { tray != .shown && panel != .shown }

    public var state: IndicatorState {
        if tray == .shown { return IndicatorState(isShown: true, means: "status-notifier-item", reason: "") }
        if panel == .shown { return IndicatorState(isShown: true, means: "gnome-shell", reason: "") }
        if badge == .shown { return IndicatorState(isShown: true, means: badgeShell, reason: "") }
        // Where there is a panel, its reason is the one that can be mended.
        let reason = panel.map { "not in GNOME's panel: \($0.reason)" } ?? "no badge: \(badge.reason)"
        return IndicatorState(isShown: false, means: "", reason: "no tray: \(tray.reason); \(reason)")
    }
}
