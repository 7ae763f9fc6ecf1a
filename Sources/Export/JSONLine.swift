import Events
import Journal

/// One JSON object per line; docs/JSON.md is the list of fields. Written by hand, field by field: a general encoder
/// would have to be told the same list, orders keys by its own taste, and allocates for each.
public struct JSONFormat {
    private var fields = ItemFields()
    private let showsCursor: Bool

    /// - Parameter showsCursor: each line ends with the cursor that names it.
    public init(showsCursor: Bool = false) { self.showsCursor = showsCursor }

    /// Appends the line of an item; nothing for what is no line (`ItemFields`).
    public mutating func append(_ item: JournalItem, _ context: EventContext, to line: inout [UInt8]) {
        var object = JSONObject()
        guard fields.put(item, context, into: &object) else { return }
        if showsCursor, let cursor = context.place(of: item) { object.put("cursor", cursor.description) }
        object.finish(into: &line)
        line.append(UInt8(ascii: "\n"))
    }
}

/// What every format says of an item, whatever its form.
struct ItemFields {
    private var timestamp = Timestamp()

    /// False for what is no line: a segment's beginning, and state from before the part that was asked for.
    mutating func put(_ item: JournalItem, _ context: EventContext, into fields: inout some FieldWriter) -> Bool {
        switch item {
        case .segment, .context: return false
        case .event(let stored): put(stored, context, into: &fields)
        case .damage(let damage): put(damage, into: &fields)
        case .forgotten(let span): put(span, into: &fields)
        }
        return true
    }

    private mutating func put(_ stored: StoredEvent, _ context: EventContext, into fields: inout some FieldWriter) {
        let event = stored.event
        fields.put("kind", event.payload.recordName.rawValue)
        fields.put("sequence", stored.sequence)
        fields.put("segment", stored.segment)
        fields.put("time_us", event.timeMicroseconds)
        fields.put("realtime", timestamp.utc(context.realtimeMicroseconds(event.timeMicroseconds)))
        if event.device != 0 {
            fields.put("device", event.device)
            if let device = context.device(event.device) { fields.put("device_name", device.name) }
        }
        if event.focus != 0 {
            fields.put("focus", event.focus)
            if let app = context.appID(event.focus), !app.isEmpty { fields.put("app", app) }
        }
        if !event.marks.isEmpty { fields.put("marks", event.marks.names) }
        event.payload.put(into: &fields)
    }

    private func put(_ damage: Damage, into fields: inout some FieldWriter) {
        fields.put("kind", RecordName.damage.rawValue)
        fields.put("segment", damage.segment)
        fields.put("offset", damage.offset)
        fields.put(
            "reason", damage.detail.isEmpty ? damage.reason.rawValue : "\(damage.reason.rawValue): \(damage.detail)")
        if let missing = damage.missing, !missing.isEmpty {
            fields.put("missing_first", missing.lowerBound)
            fields.put("missing_last", missing.upperBound - 1)
        }
    }

    private func put(_ span: Forgotten, into fields: inout some FieldWriter) {
        fields.put("kind", RecordName.forgotten.rawValue)
        fields.put("segment", span.segment)
        fields.put("forgotten_first", span.sequences.lowerBound)
        fields.put("forgotten_last", span.sequences.upperBound - 1)
    }
}

extension Payload {
    /// The fields of this kind, in the order of docs/JSON.md.
    fileprivate func put(into object: inout some FieldWriter) {
        switch self {
        case .key(let key):
            object.put("code", key.code)
            object.put("name", KeyNames.name(key.code))
            object.put("press", key.press.name)
            object.put("modifiers", key.modifiers.names)
        case .keyCounts(let counts):
            object.put("bucket_us", KeyCounts.bucketMicroseconds)
            for keyClass in KeyClass.allCases where counts[keyClass] > 0 {
                object.put(keyClass.fieldName, counts[keyClass])
            }
        case .motion(let motion):
            object.put("dx", motion.dx)
            object.put("dy", motion.dy)
        case .position(let position):
            object.put("x", position.x)
            object.put("y", position.y)
        case .button(let button):
            object.put("code", button.code)
            object.put("name", KeyNames.name(button.code))
            object.put("press", button.press.name)
        case .scroll(let scroll):
            object.put("source", scroll.source.name)
            object.put("axes", scroll.axes.names)
            object.put("vertical", scroll.vertical)
            object.put("horizontal", scroll.horizontal)
            if scroll.source == .wheel {
                object.put("vertical_v120", scroll.verticalV120)
                object.put("horizontal_v120", scroll.horizontalV120)
            }
        default: putGesture(into: &object)
        }
    }

    private func putGesture(into object: inout some FieldWriter) {
        switch self {
        case .swipe(let swipe):
            object.put("phase", swipe.phase.name)
            object.put("fingers", swipe.fingers)
            object.put("dx", swipe.dx)
            object.put("dy", swipe.dy)
        case .pinch(let pinch):
            object.put("phase", pinch.phase.name)
            object.put("fingers", pinch.fingers)
            object.put("dx", pinch.dx)
            object.put("dy", pinch.dy)
            object.put("scale", pinch.scale)
            object.put("angle", pinch.angle)
        case .hold(let hold):
            object.put("phase", hold.phase.name)
            object.put("fingers", hold.fingers)
        case .touch(let touch):
            object.put("phase", touch.phase.name)
            object.put("slot", touch.slot)
            if touch.phase == .down || touch.phase == .motion {
                object.put("x", touch.x)
                object.put("y", touch.y)
            }
        case .tabletTool(let tool): tool.put(into: &object)
        case .tabletPad(let pad):
            object.put("control", pad.control.name)
            object.put("number", pad.number)
            object.put("value", pad.value)
            object.put("mode", pad.mode)
        case .toggle(let toggle):
            object.put("switch", toggle.kind.name)
            object.put("on", toggle.isOn)
        default: putState(into: &object)
        }
    }
}

extension TabletTool {
    fileprivate func put(into object: inout some FieldWriter) {
        object.put("phase", phase.name)
        object.put("tool", tool)
        if button != 0 {
            object.put("code", button)
            object.put("name", KeyNames.name(button))
        }
        object.put("x", x)
        object.put("y", y)
        object.put("pressure", pressure)
        object.put("distance", distance)
        object.put("tilt_x", tiltX)
        object.put("tilt_y", tiltY)
        object.put("rotation", rotation)
        object.put("slider", slider)
        object.put("wheel_v120", wheelV120)
    }
}
