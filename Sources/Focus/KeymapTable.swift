import CXkbcommon
import Events

/// A keymap of the seat, and the bounded table that it and a group make.
public final class Keymap {
    private let context: OpaquePointer
    private let keymap: OpaquePointer
    /// FNV-1a of the text.
    public let hash: UInt64

    /// Compiles the text that the compositor sent. Nil if libxkbcommon does not take it.
    public init?(text: String) {
        guard let context = xkb_context_new(XKB_CONTEXT_NO_FLAGS) else { return nil }
        guard
            let keymap = xkb_keymap_new_from_string(
                context, text, XKB_KEYMAP_FORMAT_TEXT_V1, XKB_KEYMAP_COMPILE_NO_FLAGS)
        else {
            xkb_context_unref(context)
            return nil
        }
        self.context = context
        self.keymap = keymap
        hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Compiles a layout by its names, as `setxkbmap` would: for tests and tools.
    public convenience init?(layout: String, variant: String = "", options: String = "") {
        guard let context = xkb_context_new(XKB_CONTEXT_NO_FLAGS) else { return nil }
        defer { xkb_context_unref(context) }
        let text: String? = layout.withCString { layout in
            variant.withCString { variant in
                options.withCString { options in
                    var names = xkb_rule_names(
                        rules: nil, model: nil, layout: layout, variant: variant, options: options)
                    guard let keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS)
                    else { return nil }
                    defer { xkb_keymap_unref(keymap) }
                    guard let text = xkb_keymap_get_as_string(keymap, XKB_KEYMAP_FORMAT_TEXT_V1) else { return nil }
                    defer { text.deallocate() }
                    return String(cString: text)
                }
            }
        }
        guard let text else { return nil }
        self.init(text: text)
    }

    deinit {
        xkb_keymap_unref(keymap)
        xkb_context_unref(context)
    }

    public var groupCount: UInt32 { xkb_keymap_num_layouts(keymap) }

    public func groupName(_ group: UInt32) -> String {
        xkb_keymap_layout_get_name(keymap, group).map { String(cString: $0) } ?? ""
    }

    /// Class and modifier role of each key in that group.
    public func table(group: UInt32) -> LayoutTable? {
        guard group < groupCount else { return nil }
        var classes = [KeyClass](repeating: .other, count: LayoutTable.codeCount * LayoutTable.levelCount)
        var roles = [ModifierRole](repeating: .none, count: LayoutTable.codeCount)
        let lock = mask(["Lock"])
        let levels: [xkb_mod_mask_t] = [
            0, mask(["Shift"]), mask(["LevelThree"], or: "Mod5"), mask(["Shift"]) | mask(["LevelThree"], or: "Mod5"),
        ]
        for code in 0..<LayoutTable.codeCount {
            // XKB counts from 8: X11's first key code (wl_keyboard.key).
            let key = xkb_keycode_t(code + 8)
            roles[code] = role(key, group: group)
            for (level, modifiers) in levels.enumerated() {
                let plain = keyClass(key, group: group, modifiers: modifiers)
                let locked = keyClass(key, group: group, modifiers: modifiers | lock)
                classes[code * LayoutTable.levelCount + level] = plain == locked ? plain : .text
            }
        }
        return LayoutTable(classes: classes, roles: roles)
    }

    private func mask(_ names: [String], or fallback: String? = nil) -> xkb_mod_mask_t {
        var result: xkb_mod_mask_t = 0
        for name in names + (fallback.map { [$0] } ?? []) where result == 0 {
            let index = xkb_keymap_mod_get_index(keymap, name)
            if index != XKB_MOD_INVALID { result |= 1 << index }
        }
        return result
    }

    /// The symbols that a key gives with these modifiers: libxkbcommon's state machine decides, so that key types,
    /// NumLock and the rest are as the compositor has them. NumLock counts as on: keypad digits are the common case.
    private func keyClass(_ key: xkb_keycode_t, group: UInt32, modifiers: xkb_mod_mask_t) -> KeyClass {
        guard let state = xkb_state_new(keymap) else { return .text }
        defer { xkb_state_unref(state) }
        xkb_state_update_mask(state, modifiers, 0, mask(["NumLock"], or: "Mod2"), 0, 0, group)
        let symbol = xkb_state_key_get_one_sym(state, key)
        return Self.keyClass(of: symbol)
    }

    private func role(_ key: xkb_keycode_t, group: UInt32) -> ModifierRole {
        var symbols: UnsafePointer<xkb_keysym_t>?
        guard xkb_keymap_key_get_syms_by_level(keymap, key, group, 0, &symbols) == 1, let symbol = symbols?.pointee
        else { return .none }
        return switch Int32(bitPattern: symbol) {
        case XKB_KEY_Shift_L, XKB_KEY_Shift_R: .shift
        case XKB_KEY_Control_L, XKB_KEY_Control_R: .control
        case XKB_KEY_Alt_L, XKB_KEY_Alt_R, XKB_KEY_Meta_L, XKB_KEY_Meta_R: .alt
        case XKB_KEY_Super_L, XKB_KEY_Super_R, XKB_KEY_Hyper_L, XKB_KEY_Hyper_R: .super
        case XKB_KEY_ISO_Level3_Shift, XKB_KEY_ISO_Level3_Latch, XKB_KEY_ISO_Level3_Lock, XKB_KEY_Mode_switch,
            XKB_KEY_ISO_Level5_Shift, XKB_KEY_ISO_Level5_Latch, XKB_KEY_ISO_Level5_Lock:
            .level3
        case XKB_KEY_Caps_Lock, XKB_KEY_Shift_Lock: .capsLock
        default: .none
        }
    }

    static func keyClass(of symbol: xkb_keysym_t) -> KeyClass {
        switch Int32(bitPattern: symbol) {
        case XKB_KEY_Return, XKB_KEY_KP_Enter, XKB_KEY_ISO_Enter: return .enter
        case XKB_KEY_space, XKB_KEY_nobreakspace, XKB_KEY_KP_Space: return .space
        case XKB_KEY_BackSpace, XKB_KEY_Delete, XKB_KEY_KP_Delete, XKB_KEY_Insert, XKB_KEY_KP_Insert, XKB_KEY_Undo,
            XKB_KEY_Redo:
            return .editing
        case XKB_KEY_Home...XKB_KEY_Begin, XKB_KEY_KP_Home...XKB_KEY_KP_Begin, XKB_KEY_Tab, XKB_KEY_ISO_Left_Tab,
            XKB_KEY_Escape:
            return .navigation
        // Dead keys and Compose begin a character.
        case XKB_KEY_dead_grave...XKB_KEY_dead_longsolidusoverlay, XKB_KEY_Multi_key: return .punctuation
        default: break
        }
        let code = xkb_keysym_to_utf32(symbol)
        guard code >= 0x20, code != 0x7F, let scalar = Unicode.Scalar(code) else { return .other }
        let properties = scalar.properties
        if properties.generalCategory == .decimalNumber { return .digit }
        if properties.isAlphabetic { return .letter }
        return properties.isWhitespace ? .space : .punctuation
    }
}
