import Journal

/// Comma-separated values (RFC 4180, with `\n`): one line per item, one column per field; docs/CSV.md is the list.
///
/// Spreadsheets run what a cell says when it begins like a formula, and window titles are anybody's: such texts get an
/// apostrophe in front. Numbers are ours and stay numbers.
public struct CSVFormat {
    /// Every field of docs/JSON.md, in the order of the columns: a fixed set, so that files of any selection can be
    /// put one behind the other.
    public static let columns: [String] = [
        "kind", "sequence", "segment", "time_us", "realtime", "device", "device_name", "focus", "app", "marks",
        // Keys and buttons.
        "code", "name", "press", "modifiers", "bucket_us", "letter", "digit", "punctuation", "space", "enter",
        "editing", "navigation", "other", "text",
        // Pointers, gestures, touch, tablets, switches.
        "dx", "dy", "x", "y", "axes", "vertical", "horizontal", "vertical_v120", "horizontal_v120", "phase",
        "fingers", "scale", "angle", "slot", "tool", "pressure", "distance", "tilt_x", "tilt_y", "rotation", "slider",
        "wheel_v120", "control", "number", "value", "mode", "switch", "on",
        // State.
        "sysname", "seat", "vendor_id", "product_id", "bus", "capabilities", "width_um", "height_um",
        "configuration_known", "state", "title_form", "title", "title_hash", "pid", "window", "output", "source",
        "uncertainty_us", "known", "group", "keymap_hash", "realtime_us", "subject", "user_id", "active", "running",
        "version",
        "libinput", "given", "receipt", "connected", "description", "width", "height", "mode_width", "mode_height",
        "refresh_mhz", "transform", "width_mm", "height_mm", "tap", "tap_buttons", "tap_drag", "tap_drag_lock",
        "natural_scroll", "left_handed", "middle_emulation", "click_method", "scroll_method", "scroll_button",
        "disable_while_typing", "sends",
        // What apps said.
        "cause", "answered", "role", "role_name", "name_form", "name_hash", "application",
        // What compositors said.
        "frame", "delay_us",
        // Accounts.
        "reason", "start_us", "end_us", "keys", "others", "count", "detail", "offset", "missing_first", "missing_last",
        "forgotten_first", "forgotten_last", "everything", "paused", "until_us",
    ]

    private var fields = ItemFields()
    private var row = CSVRow()

    public init() {}

    /// The first line: the names of the columns.
    public static var header: [UInt8] { Array((columns.joined(separator: ",") + "\n").utf8) }

    /// Appends the line of an item; nothing for what is no line (`ItemFields`).
    public mutating func append(_ item: JournalItem, _ context: EventContext, to line: inout [UInt8]) {
        guard fields.put(item, context, into: &row) else { return }
        row.finish(into: &line)
    }
}
