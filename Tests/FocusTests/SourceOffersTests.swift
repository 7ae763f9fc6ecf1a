import Testing

@testable import Focus

@Suite struct SourceOffersTests {
    private typealias Global = (interface: String, version: UInt32)
    private static let list = "ext_foreign_toplevel_list_v1"

    /// Which source begins, at which of the announcements (from 1 on).
    private static func chosen(_ globals: [Global]) -> (name: String, at: Int)? {
        var offers = SourceOffers()
        for (index, global) in globals.enumerated() {
            if let found = offers.announced(UInt32(index + 1), global.interface, global.version) {
                return (found.kind.name, index + 1)
            }
        }
        return nil
    }

    @Test(
        arguments: [
            ([("zwlr_foreign_toplevel_manager_v1", 3)], "wlr-foreign-toplevel", 1),
            ([("org_kde_plasma_window_management", 13)], "plasma-window-management", 1),
            ([("kymograph_weston_v1", 2)], "weston-module", 1),
            ([("wl_seat", 9), (list, 1), ("zcosmic_toplevel_info_v1", 2)], "cosmic-toplevel-info", 3),
            ([("zcosmic_toplevel_info_v1", 3), ("wl_seat", 9), (list, 1)], "cosmic-toplevel-info", 3),
            ([(list, 1), ("zwlr_foreign_toplevel_manager_v1", 3)], "wlr-foreign-toplevel", 2),
        ] as [([(String, UInt32)], String, Int)])
    func beginsWhenAllIsThere(globals: [(String, UInt32)], name: String, at: Int) throws {
        let found = try #require(Self.chosen(globals.map { (interface: $0.0, version: $0.1) }))
        #expect(found.name == name && found.at == at)
    }

    @Test(
        arguments: [
            [], [(list, 1)], [("zcosmic_toplevel_info_v1", 2)], [(list, 1), ("zcosmic_toplevel_info_v1", 1)],
            [("org_kde_plasma_window_management", 12)], [("kymograph_weston_v1", 1)],
        ] as [[(String, UInt32)]])
    func halfIsNotEnough(globals: [(String, UInt32)]) {
        #expect(Self.chosen(globals.map { (interface: $0.0, version: $0.1) }) == nil)
    }

    @Test func whatHasGoneIsNoOffer() {
        var offers = SourceOffers()
        #expect(offers.announced(1, Self.list, 1) == nil)
        offers.removed(1)
        #expect(offers.announced(2, "zcosmic_toplevel_info_v1", 2) == nil)
        let found = offers.announced(3, Self.list, 1)
        #expect(found?.globals == SourceGlobals(number: 2, version: 2, companion: 3))
    }
}
