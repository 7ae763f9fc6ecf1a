import Events

/// Browsers' private windows, as far as a title tells them apart. A browser writes its own name behind the page's title,
/// so that a page cannot take the mark away, only claim it.
enum PrivateWindow {
    private static let browsers = [
        "firefox*", "org.mozilla.firefox*", "librewolf*", "io.gitlab.librewolf*", "*icecat*", "waterfox*", "zen*",
        "floorp*", "mullvad*", "tor browser*", "*torbrowser*", "*chromium*", "google-chrome*", "com.google.chrome*",
        "brave*", "com.brave.*", "microsoft-edge*", "com.microsoft.edge*", "vivaldi*", "opera*", "epiphany*",
        "org.gnome.epiphany*",
    ].compactMap(AppGlob.init)
    /// As the title ends, in lower case.
    private static let endings = [
        // Firefox: "page — Mozilla Firefox Private Browsing"; older: "(Private Browsing)".
        "private browsing", "(private browsing)", "privater modus", "(privater modus)", "navigation privée",
        "(navigation privée)", "navegación privada", "navegação privativa", "navigazione anonima",
        "prywatne przeglądanie",
        // Chromium, where it says so in the title; Edge.
        "(incognito)", "[inprivate]", "(private)",
    ]

    static func isOne(appID: String, title: String) -> Bool {
        guard !title.isEmpty else { return false }
        let name = appID.lowercased()
        guard browsers.contains(where: { $0.matches(name) }) else { return false }
        let title = title.lowercased()
        return endings.contains { title.hasSuffix($0) }
    }
}
