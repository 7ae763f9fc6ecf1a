import Events

/// Apps of which nothing is ever recorded, whatever a rule says: they exist to take or show secrets.
///
/// Matched in lower case, since app ids are spelt in every way. Can be added to, and not taken from.
public struct DenyList: Sendable, Equatable {
    /// Password managers, keyrings, and those who ask for passwords on others' behalf. App ids as their Wayland windows
    /// have them (the desktop file's name or the program's).
    public static let shipped: [String] = [
        // Password managers and authenticators.
        "*keepass*", "*bitwarden*", "*1password*", "*lastpass*", "*dashlane*", "*nordpass*", "*proton*pass*",
        "*enpass*", "*passwordsafe*", "*pwsafe*", "*buttercup*", "*padloc*", "*qtpass*", "*gopass*", "*rosterpass*",
        "org.gnome.world.secrets", "*.secrets", "*authenticator*", "*otpclient*", "*numberstation*", "*vaultwarden*",
        // Keyrings.
        "*seahorse*", "*kwallet*", "*gnome-keyring*", "org.gnome.passwords*", "gcr-prompter", "gcr-viewer",
        "*kleopatra*",
        "org.kde.kgpg", "gpa",
        // Those who ask.
        "*polkit*", "*policykit*", "*pinentry*", "*askpass*", "*pkexec*", "gksu*", "kdesu*", "org.kde.kdesu*",
        "lxqt-sudo", "lxsudo",
        // Lock screens and greeters that are windows.
        "*swaylock*", "*hyprlock*", "*gtklock*", "*waylock*", "*gtkgreet*", "*regreet*", "*tuigreet*", "*nwg-hello*",
        "*lightdm*", "*sddm*",
    ]

    private var globs: [AppGlob]

    /// The shipped list and those.
    public init(adding more: [AppGlob] = []) {
        globs = Self.shipped.compactMap(AppGlob.init) + more.compactMap { AppGlob($0.pattern.lowercased()) }
    }

    /// Those and no others: what a policy was, that is only compared with what one is.
    init(exactly globs: [AppGlob]) { self.globs = globs }

    public mutating func add(_ more: [AppGlob]) {
        globs += more.compactMap { AppGlob($0.pattern.lowercased()) }
    }

    /// The patterns, as they are matched.
    public var patterns: [String] { globs.map(\.pattern) }

    public func contains(_ appID: String) -> Bool {
        let name = appID.lowercased()
        return globs.contains { $0.matches(name) }
    }
}
