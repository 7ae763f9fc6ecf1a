import Events

/// Takes the fields of one record, in the schema's order.
protocol FieldSink {
    mutating func put(_ value: Int64)
    mutating func put(_ text: String)
}

extension FieldSink {
    @inline(__always) mutating func put<T: BinaryInteger>(_ value: T) { put(Int64(truncatingIfNeeded: value)) }
    @inline(__always) mutating func put(_ press: Press) { put(Int64(press.rawValue)) }
    @inline(__always) mutating func put(_ fixed: Fixed8) { put(Int64(fixed.raw)) }
}

extension Payload {
    /// Hands every field to the sink: integers first, then texts.
    @inline(__always) func write<Sink: FieldSink>(to sink: inout Sink) {
        switch self {
        case .motion(let motion):
            sink.put(motion.dx)
            sink.put(motion.dy)
        case .key(let key):
            sink.put(key.code)
            sink.put(key.press)
            sink.put(key.modifiers.rawValue)
        default: writeOthers(to: &sink)
        }
    }

    @inline(never) private func writeOthers<Sink: FieldSink>(to sink: inout Sink) {
        switch self {
        case .key, .motion: break
        case .keyCounts(let counts): for keyClass in KeyClass.allCases { sink.put(counts[keyClass]) }
        case .position(let position):
            sink.put(position.x)
            sink.put(position.y)
        case .button(let button):
            sink.put(button.code)
            sink.put(button.press)
        case .scroll(let scroll):
            sink.put(scroll.source.rawValue)
            sink.put(scroll.axes.rawValue)
            sink.put(scroll.verticalV120)
            sink.put(scroll.horizontalV120)
            sink.put(scroll.vertical)
            sink.put(scroll.horizontal)
        case .swipe(let swipe):
            sink.put(swipe.phase.rawValue)
            sink.put(swipe.fingers)
            sink.put(swipe.dx)
            sink.put(swipe.dy)
        case .pinch(let pinch):
            sink.put(pinch.phase.rawValue)
            sink.put(pinch.fingers)
            sink.put(pinch.dx)
            sink.put(pinch.dy)
            sink.put(pinch.scale)
            sink.put(pinch.angle)
        case .hold(let hold):
            sink.put(hold.phase.rawValue)
            sink.put(hold.fingers)
        case .touch(let touch):
            sink.put(touch.phase.rawValue)
            sink.put(touch.slot)
            sink.put(touch.x)
            sink.put(touch.y)
        case .tabletTool(let tool):
            sink.put(tool.phase.rawValue)
            sink.put(tool.tool)
            sink.put(tool.button)
            sink.put(tool.x)
            sink.put(tool.y)
            sink.put(tool.pressure)
            sink.put(tool.distance)
            sink.put(tool.tiltX)
            sink.put(tool.tiltY)
            sink.put(tool.rotation)
            sink.put(tool.slider)
            sink.put(tool.wheelV120)
        case .tabletPad(let pad):
            sink.put(pad.control.rawValue)
            sink.put(pad.number)
            sink.put(pad.value)
            sink.put(pad.mode)
        case .toggle(let toggle):
            sink.put(toggle.kind.rawValue)
            sink.put(toggle.isOn ? 1 : 0)
        default: writeState(to: &sink)
        }
    }

    @inline(never) private func writeState<Sink: FieldSink>(to sink: inout Sink) {
        switch self {
        case .deviceAdded(let device):
            sink.put(device.vendor)
            sink.put(device.product)
            sink.put(device.bus)
            sink.put(device.capabilities.rawValue)
            sink.put(device.widthMicrometres)
            sink.put(device.heightMicrometres)
            sink.put(device.isConfigurationKnown ? 1 : 0)
            sink.put(device.name)
            sink.put(device.sysname)
            sink.put(device.seat)
        case .deviceRemoved(let device): sink.put(device.sysname)
        case .focus(let focus):
            sink.put(focus.id)
            sink.put(focus.state.rawValue)
            sink.put(focus.titleForm.rawValue)
            sink.put(focus.processID)
            sink.put(Int64(bitPattern: focus.window))
            sink.put(focus.uncertaintyMicroseconds)
            sink.put(focus.appID)
            sink.put(focus.title)
            sink.put(focus.output)
            sink.put(focus.source)
        case .layout(let layout):
            sink.put(layout.isKnown ? 1 : 0)
            sink.put(layout.group)
            sink.put(Int64(bitPattern: layout.keymapHash))
            sink.put(layout.name)
        case .suppression(let span):
            sink.put(span.reason.rawValue)
            sink.put(span.phase.rawValue)
            sink.put(Int64(bitPattern: span.startMicroseconds))
            sink.put(Int64(bitPattern: span.endMicroseconds))
            sink.put(Int64(bitPattern: span.keys))
            sink.put(Int64(bitPattern: span.others))
        case .loss(let loss):
            sink.put(loss.reason.rawValue)
            sink.put(Int64(bitPattern: loss.startMicroseconds))
            sink.put(Int64(bitPattern: loss.endMicroseconds))
            sink.put(loss.count == nil ? 0 : 1)
            sink.put(Int64(bitPattern: loss.count ?? 0))
            sink.put(loss.detail)
        case .clock(let pair):
            sink.put(Int64(bitPattern: pair.realtimeMicroseconds))
            sink.put(pair.reason.rawValue)
        case .session(let session):
            sink.put(session.userID)
            sink.put(session.isActive ? 1 : 0)
            sink.put(session.subject)
        case .recorder(let state):
            sink.put(state.isRunning ? 1 : 0)
            sink.put(state.version)
            sink.put(state.libinputVersion)
        case .forgetting(let notice): sink.put(notice.isEverything ? 1 : 0)
        case .consent(let consent):
            sink.put(consent.isGiven ? 1 : 0)
            sink.put(consent.userID)
            sink.put(consent.receipt)
            sink.put(consent.subject)
        case .pause(let pause):
            sink.put(pause.isPaused ? 1 : 0)
            sink.put(Int64(bitPattern: pause.endRealtimeMicroseconds))
        case .output(let notice): notice.write(to: &sink)
        case .settings(let notice):
            sink.put(notice.isKnown ? 1 : 0)
            for number in notice.settings.numbers { sink.put(number) }
            sink.put(notice.source)
        case .interaction(let interaction): interaction.write(to: &sink)
        case .windowPlace(let place):
            sink.put(place.x)
            sink.put(place.y)
            sink.put(place.width)
            sink.put(place.height)
        case .pointerPlace(let place):
            sink.put(place.frame.rawValue)
            sink.put(place.delayMicroseconds)
            sink.put(place.x)
            sink.put(place.y)
        default: break
        }
    }
}

extension OutputNotice {
    fileprivate func write<Sink: FieldSink>(to sink: inout Sink) {
        sink.put(number)
        sink.put(isConnected ? 1 : 0)
        sink.put(output.x)
        sink.put(output.y)
        sink.put(output.width)
        sink.put(output.height)
        sink.put(output.modeWidth)
        sink.put(output.modeHeight)
        sink.put(output.refreshMillihertz)
        sink.put(output.scale)
        sink.put(output.transform.rawValue)
        sink.put(output.widthMillimetres)
        sink.put(output.heightMillimetres)
        sink.put(output.name)
        sink.put(output.text)
    }
}

extension Interaction {
    /// Of what nobody answered all fields but the cause are 0 and empty.
    fileprivate func write<Sink: FieldSink>(to sink: inout Sink) {
        sink.put(cause.rawValue)
        sink.put(widget == nil ? 0 : 1)
        sink.put(widget?.role ?? 0)
        sink.put((widget?.nameForm ?? .off).rawValue)
        sink.put(widget?.bounds == nil ? 0 : 1)
        sink.put(widget?.bounds?.x ?? 0)
        sink.put(widget?.bounds?.y ?? 0)
        sink.put(widget?.bounds?.width ?? 0)
        sink.put(widget?.bounds?.height ?? 0)
        sink.put(widget?.name ?? "")
        sink.put(widget?.application ?? "")
    }
}
