import AgentProtocol
import Events
import Focus
import GnomeShell

/// What the desktop says of the person's settings for pointers, whichever of its ways it has.
struct DesktopSettings {
    /// In the order of who is believed: a compositor's own socket before what lies on the bus, where there may be another's
    /// (a KWin in a window of sway's).
    enum Source: String, CaseIterable {
        case sway
        case shell = "gnome-shell"
        case plasma = "kwin"
    }

    private var told: [Source: [DeviceChoice]] = [:]
    private var lastReport = SettingsReport(source: "", choices: [])

    /// The report to send, if it is another than before.
    /// - Parameter choices: nil: that source says nothing (any more).
    mutating func take(_ choices: [DeviceChoice]?, from source: Source) -> SettingsReport? {
        told[source] = choices
        let report = report
        guard report != lastReport else { return nil }
        lastReport = report
        return report
    }

    var report: SettingsReport {
        guard let source = Source.allCases.first(where: { told[$0] != nil }) else {
            return SettingsReport(source: "", choices: [])
        }
        return SettingsReport(source: source.rawValue, choices: told[source] ?? [])
    }
}
