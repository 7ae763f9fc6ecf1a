/// AT-SPI's roles (AtspiRole): those that matter here.
enum Role {
    static let password: UInt32 = 40
    static let terminal: UInt32 = 60
    /// What only holds others: which of those has the keyboard it does not say. Invalid, desktop frame, filler, frame,
    /// glass pane, HTML container, internal frame, layered pane, option pane, panel, root pane, scroll pane, split
    /// pane, unknown, viewport, window, extended, application, embedded, document frame, section, redundant object,
    /// form, document web, grouping, landmark.
    static let tellsNothing: Set<UInt32> = [
        0, 14, 20, 23, 24, 25, 28, 30, 36, 39, 46, 49, 53, 67, 68, 69, 70, 75, 78, 82, 85, 86, 87, 95, 99, 110,
    ]
}
