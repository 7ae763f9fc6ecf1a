import CLibinput
import Events

/// libinput's events as ours. Nil for what is not recorded (frames, and legacy duplicates of scroll events).
enum Translation {
    /// Axes are scaled to this many steps: 0…65535.
    private static let steps: UInt32 = 65_535

    static func payload(of event: OpaquePointer) -> (timeMicroseconds: UInt64, payload: Payload)? {
        let type = libinput_event_get_type(event)
        switch type {
        case LIBINPUT_EVENT_POINTER_MOTION:
            let pointer = libinput_event_get_pointer_event(event)
            return (
                libinput_event_pointer_get_time_usec(pointer),
                .motion(
                    Motion(
                        dx: Fixed8(libinput_event_pointer_get_dx_unaccelerated(pointer)),
                        dy: Fixed8(libinput_event_pointer_get_dy_unaccelerated(pointer))))
            )
        case LIBINPUT_EVENT_KEYBOARD_KEY:
            let keyboard = libinput_event_get_keyboard_event(event)
            return (
                libinput_event_keyboard_get_time_usec(keyboard),
                .key(
                    Key(
                        code: UInt16(truncatingIfNeeded: libinput_event_keyboard_get_key(keyboard)),
                        press: libinput_event_keyboard_get_key_state(keyboard) == LIBINPUT_KEY_STATE_PRESSED
                            ? .pressed : .released))
            )
        case LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE, LIBINPUT_EVENT_POINTER_BUTTON,
            LIBINPUT_EVENT_POINTER_SCROLL_WHEEL, LIBINPUT_EVENT_POINTER_SCROLL_FINGER,
            LIBINPUT_EVENT_POINTER_SCROLL_CONTINUOUS:
            return pointer(event, type)
        case LIBINPUT_EVENT_TOUCH_DOWN, LIBINPUT_EVENT_TOUCH_MOTION, LIBINPUT_EVENT_TOUCH_UP,
            LIBINPUT_EVENT_TOUCH_CANCEL, LIBINPUT_EVENT_TOUCH_FRAME:
            return touch(event, type)
        case LIBINPUT_EVENT_TABLET_TOOL_AXIS, LIBINPUT_EVENT_TABLET_TOOL_PROXIMITY, LIBINPUT_EVENT_TABLET_TOOL_TIP,
            LIBINPUT_EVENT_TABLET_TOOL_BUTTON:
            return tablet(event, type)
        case LIBINPUT_EVENT_TABLET_PAD_BUTTON, LIBINPUT_EVENT_TABLET_PAD_RING, LIBINPUT_EVENT_TABLET_PAD_STRIP,
            LIBINPUT_EVENT_TABLET_PAD_KEY:
            return pad(event, type)
        case LIBINPUT_EVENT_SWITCH_TOGGLE: return toggle(event)
        default: return gesture(event, type)
        }
    }

    private static func pointer(_ event: OpaquePointer, _ type: libinput_event_type) -> (UInt64, Payload)? {
        let pointer = libinput_event_get_pointer_event(event)
        let time = libinput_event_pointer_get_time_usec(pointer)
        switch type {
        case LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE:
            return (
                time,
                .position(
                    Position(
                        x: Int32(libinput_event_pointer_get_absolute_x_transformed(pointer, steps)),
                        y: Int32(libinput_event_pointer_get_absolute_y_transformed(pointer, steps))))
            )
        case LIBINPUT_EVENT_POINTER_BUTTON:
            return (
                time,
                .button(
                    Button(
                        code: UInt16(truncatingIfNeeded: libinput_event_pointer_get_button(pointer)),
                        press: libinput_event_pointer_get_button_state(pointer) == LIBINPUT_BUTTON_STATE_PRESSED
                            ? .pressed : .released))
            )
        case LIBINPUT_EVENT_POINTER_SCROLL_WHEEL: return (time, .scroll(scroll(pointer, .wheel)))
        case LIBINPUT_EVENT_POINTER_SCROLL_FINGER: return (time, .scroll(scroll(pointer, .finger)))
        default: return (time, .scroll(scroll(pointer, .continuous)))
        }
    }

    private static func scroll(_ pointer: OpaquePointer?, _ source: ScrollSource) -> Scroll {
        var scroll = Scroll(source: source, axes: [])
        if libinput_event_pointer_has_axis(pointer, LIBINPUT_POINTER_AXIS_SCROLL_VERTICAL) != 0 {
            scroll.axes.insert(.vertical)
            scroll.vertical = Fixed8(
                libinput_event_pointer_get_scroll_value(pointer, LIBINPUT_POINTER_AXIS_SCROLL_VERTICAL))
            if source == .wheel {
                scroll.verticalV120 = Int32(
                    libinput_event_pointer_get_scroll_value_v120(pointer, LIBINPUT_POINTER_AXIS_SCROLL_VERTICAL))
            }
        }
        if libinput_event_pointer_has_axis(pointer, LIBINPUT_POINTER_AXIS_SCROLL_HORIZONTAL) != 0 {
            scroll.axes.insert(.horizontal)
            scroll.horizontal = Fixed8(
                libinput_event_pointer_get_scroll_value(pointer, LIBINPUT_POINTER_AXIS_SCROLL_HORIZONTAL))
            if source == .wheel {
                scroll.horizontalV120 = Int32(
                    libinput_event_pointer_get_scroll_value_v120(pointer, LIBINPUT_POINTER_AXIS_SCROLL_HORIZONTAL))
            }
        }
        return scroll
    }

    private static func touch(_ event: OpaquePointer, _ type: libinput_event_type) -> (UInt64, Payload)? {
        let touch = libinput_event_get_touch_event(event)
        let time = libinput_event_touch_get_time_usec(touch)
        switch type {
        case LIBINPUT_EVENT_TOUCH_FRAME: return (time, .touch(Touch(phase: .frame, slot: -1)))
        case LIBINPUT_EVENT_TOUCH_UP:
            return (time, .touch(Touch(phase: .up, slot: libinput_event_touch_get_slot(touch))))
        case LIBINPUT_EVENT_TOUCH_CANCEL:
            return (time, .touch(Touch(phase: .cancel, slot: libinput_event_touch_get_slot(touch))))
        default:
            return (
                time,
                .touch(
                    Touch(
                        phase: type == LIBINPUT_EVENT_TOUCH_DOWN ? .down : .motion,
                        slot: libinput_event_touch_get_slot(touch),
                        x: Int32(libinput_event_touch_get_x_transformed(touch, steps)),
                        y: Int32(libinput_event_touch_get_y_transformed(touch, steps))))
            )
        }
    }

    private static func gesture(_ event: OpaquePointer, _ type: libinput_event_type) -> (UInt64, Payload)? {
        let phase: GesturePhase
        switch type {
        case LIBINPUT_EVENT_GESTURE_SWIPE_BEGIN, LIBINPUT_EVENT_GESTURE_PINCH_BEGIN, LIBINPUT_EVENT_GESTURE_HOLD_BEGIN:
            phase = .begin
        case LIBINPUT_EVENT_GESTURE_SWIPE_UPDATE, LIBINPUT_EVENT_GESTURE_PINCH_UPDATE: phase = .update
        case LIBINPUT_EVENT_GESTURE_SWIPE_END, LIBINPUT_EVENT_GESTURE_PINCH_END, LIBINPUT_EVENT_GESTURE_HOLD_END:
            phase = .end
        default: return nil
        }
        let gesture = libinput_event_get_gesture_event(event)
        let time = libinput_event_gesture_get_time_usec(gesture)
        let isCancelled = phase == .end && libinput_event_gesture_get_cancelled(gesture) != 0
        let fingers = UInt8(clamping: libinput_event_gesture_get_finger_count(gesture))
        let dx = Fixed8(libinput_event_gesture_get_dx_unaccelerated(gesture))
        let dy = Fixed8(libinput_event_gesture_get_dy_unaccelerated(gesture))
        switch type {
        case LIBINPUT_EVENT_GESTURE_SWIPE_BEGIN, LIBINPUT_EVENT_GESTURE_SWIPE_UPDATE, LIBINPUT_EVENT_GESTURE_SWIPE_END:
            return (time, .swipe(Swipe(phase: isCancelled ? .cancel : phase, fingers: fingers, dx: dx, dy: dy)))
        case LIBINPUT_EVENT_GESTURE_HOLD_BEGIN, LIBINPUT_EVENT_GESTURE_HOLD_END:
            return (time, .hold(Hold(phase: isCancelled ? .cancel : phase, fingers: fingers)))
        default:
            let angle = phase == .update ? libinput_event_gesture_get_angle_delta(gesture) : 0
            return (
                time,
                .pinch(
                    Pinch(
                        phase: isCancelled ? .cancel : phase, fingers: fingers, dx: dx, dy: dy,
                        scale: Fixed8(libinput_event_gesture_get_scale(gesture)), angle: Fixed8(angle)))
            )
        }
    }

    private static func tablet(_ event: OpaquePointer, _ type: libinput_event_type) -> (UInt64, Payload)? {
        let tablet = libinput_event_get_tablet_tool_event(event)
        let phase: TabletPhase
        var button: UInt16 = 0
        switch type {
        case LIBINPUT_EVENT_TABLET_TOOL_PROXIMITY:
            phase =
                libinput_event_tablet_tool_get_proximity_state(tablet) == LIBINPUT_TABLET_TOOL_PROXIMITY_STATE_IN
                ? .proximityIn : .proximityOut
        case LIBINPUT_EVENT_TABLET_TOOL_TIP:
            phase =
                libinput_event_tablet_tool_get_tip_state(tablet) == LIBINPUT_TABLET_TOOL_TIP_DOWN ? .tipDown : .tipUp
        case LIBINPUT_EVENT_TABLET_TOOL_BUTTON:
            button = UInt16(truncatingIfNeeded: libinput_event_tablet_tool_get_button(tablet))
            phase =
                libinput_event_tablet_tool_get_button_state(tablet) == LIBINPUT_BUTTON_STATE_PRESSED
                ? .buttonPressed : .buttonReleased
        default: phase = .axis
        }
        let tool = libinput_tablet_tool_get_type(libinput_event_tablet_tool_get_tool(tablet))
        func unit(_ value: Double) -> Int32 { Int32((min(max(value, -1), 1) * 65_535).rounded()) }
        return (
            libinput_event_tablet_tool_get_time_usec(tablet),
            .tabletTool(
                TabletTool(
                    phase: phase, tool: UInt8(truncatingIfNeeded: tool.rawValue), button: button,
                    x: Int32(libinput_event_tablet_tool_get_x_transformed(tablet, steps)),
                    y: Int32(libinput_event_tablet_tool_get_y_transformed(tablet, steps)),
                    pressure: unit(libinput_event_tablet_tool_get_pressure(tablet)),
                    distance: unit(libinput_event_tablet_tool_get_distance(tablet)),
                    tiltX: Fixed8(libinput_event_tablet_tool_get_tilt_x(tablet)),
                    tiltY: Fixed8(libinput_event_tablet_tool_get_tilt_y(tablet)),
                    rotation: Fixed8(libinput_event_tablet_tool_get_rotation(tablet)),
                    slider: unit(libinput_event_tablet_tool_get_slider_position(tablet)),
                    wheelV120: Int32(libinput_event_tablet_tool_get_wheel_delta_discrete(tablet)) * 120))
        )
    }

    private static func pad(_ event: OpaquePointer, _ type: libinput_event_type) -> (UInt64, Payload)? {
        let pad = libinput_event_get_tablet_pad_event(event)
        let time = libinput_event_tablet_pad_get_time_usec(pad)
        let mode = UInt8(truncatingIfNeeded: libinput_event_tablet_pad_get_mode(pad))
        switch type {
        case LIBINPUT_EVENT_TABLET_PAD_RING:
            return (
                time,
                .tabletPad(
                    TabletPad(
                        control: .ring,
                        number: UInt16(truncatingIfNeeded: libinput_event_tablet_pad_get_ring_number(pad)),
                        value: Fixed8(libinput_event_tablet_pad_get_ring_position(pad)), mode: mode))
            )
        case LIBINPUT_EVENT_TABLET_PAD_STRIP:
            return (
                time,
                .tabletPad(
                    TabletPad(
                        control: .strip,
                        number: UInt16(truncatingIfNeeded: libinput_event_tablet_pad_get_strip_number(pad)),
                        value: Fixed8(libinput_event_tablet_pad_get_strip_position(pad)), mode: mode))
            )
        case LIBINPUT_EVENT_TABLET_PAD_KEY:
            let isDown = libinput_event_tablet_pad_get_key_state(pad) == LIBINPUT_KEY_STATE_PRESSED
            return (
                time,
                .tabletPad(
                    TabletPad(
                        control: .key, number: UInt16(truncatingIfNeeded: libinput_event_tablet_pad_get_key(pad)),
                        value: Fixed8(isDown ? 1 : 0), mode: mode))
            )
        default:
            let isDown = libinput_event_tablet_pad_get_button_state(pad) == LIBINPUT_BUTTON_STATE_PRESSED
            return (
                time,
                .tabletPad(
                    TabletPad(
                        control: .button,
                        number: UInt16(truncatingIfNeeded: libinput_event_tablet_pad_get_button_number(pad)),
                        value: Fixed8(isDown ? 1 : 0), mode: mode))
            )
        }
    }

    private static func toggle(_ event: OpaquePointer) -> (UInt64, Payload)? {
        let toggle = libinput_event_get_switch_event(event)
        let raw = UInt8(truncatingIfNeeded: libinput_event_switch_get_switch(toggle).rawValue)
        guard let kind = SwitchKind(rawValue: raw) else { return nil }
        let isOn = libinput_event_switch_get_switch_state(toggle) == LIBINPUT_SWITCH_STATE_ON
        return (libinput_event_switch_get_time_usec(toggle), .toggle(Toggle(kind: kind, isOn: isOn)))
    }
}
