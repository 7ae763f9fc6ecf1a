import AgentProtocol
import Events
import Focus

/// Which layout is in force on the seat: the keymap, and who says which of its groups is active.
struct SeatLayout: Equatable {
    var keymap: Keymap?
    /// By sway's socket, or the module in Weston.
    var own = ActiveGroup.untold
    /// What came over the bus: in force where the compositor itself does not tell.
    var onBus = ActiveGroup.untold

    /// Two keymaps of one text are two: whoever sent it again means something by it.
    static func == (a: SeatLayout, b: SeatLayout) -> Bool {
        a.keymap === b.keymap && a.own == b.own && a.onBus == b.onBus
    }

    var report: LayoutReport {
        guard let keymap, let known = (own == .untold ? onBus : own).inForce(of: keymap),
            let table = keymap.table(group: known)
        else {
            let description = LayoutDescription(isKnown: false, keymapHash: keymap?.hash ?? 0)
            return LayoutReport(description: description, table: nil)
        }
        let description = LayoutDescription(
            isKnown: true, name: keymap.groupName(known), group: known, keymapHash: keymap.hash)
        return LayoutReport(description: description, table: table)
    }
}
