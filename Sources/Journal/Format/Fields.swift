import Events

/// One record's fields as they were stored.
struct Fields {
    var integers: [Int64]
    var texts: [String]

    /// The integer, if it fits.
    fileprivate func get<T: FixedWidthInteger>(_ index: Int, as type: T.Type = T.self) -> T? {
        T(exactly: integers[index])
    }
    fileprivate func word(_ index: Int) -> UInt64 { UInt64(bitPattern: integers[index]) }
    fileprivate func flag(_ index: Int) -> Bool? { integers[index] == 0 ? false : (integers[index] == 1 ? true : nil) }
    fileprivate func fixed(_ index: Int) -> Fixed8? { Int32(exactly: integers[index]).map { Fixed8(raw: $0) } }
    fileprivate func raw<T: RawRepresentable>(_ index: Int, as type: T.Type = T.self) -> T? where T.RawValue == UInt8 {
        UInt8(exactly: integers[index]).flatMap(T.init(rawValue:))
    }
}

extension Payload {
    /// Nil when a value is none that this version writes: the chunk is damaged, whatever its checksums say.
    init?(_ kind: Kind, _ fields: Fields) {
        guard let payload = kind.isInput ? Self.input(kind, fields) : Self.state(kind, fields) else { return nil }
        self = payload
    }

    private static func input(_ kind: Kind, _ f: Fields) -> Payload? {
        switch kind {
        case .key:
            guard let code: UInt16 = f.get(0), let press: Press = f.raw(1), let modifiers: UInt8 = f.get(2) else {
                return nil
            }
            return .key(Key(code: code, press: press, modifiers: Modifiers(rawValue: modifiers)))
        case .keyCounts:
            var counts = KeyCounts()
            for keyClass in KeyClass.allCases {
                guard let count: UInt16 = f.get(Int(keyClass.rawValue)) else { return nil }
                counts[keyClass] = count
            }
            return .keyCounts(counts)
        case .motion:
            guard let dx = f.fixed(0), let dy = f.fixed(1) else { return nil }
            return .motion(Motion(dx: dx, dy: dy))
        case .position:
            guard let x: Int32 = f.get(0), let y: Int32 = f.get(1) else { return nil }
            return .position(Position(x: x, y: y))
        case .button:
            guard let code: UInt16 = f.get(0), let press: Press = f.raw(1) else { return nil }
            return .button(Button(code: code, press: press))
        case .scroll:
            guard let source: ScrollSource = f.raw(0), let axes: UInt8 = f.get(1), let v: Int32 = f.get(2),
                let h: Int32 = f.get(3), let vertical = f.fixed(4), let horizontal = f.fixed(5)
            else { return nil }
            return .scroll(
                Scroll(
                    source: source, axes: ScrollAxes(rawValue: axes), verticalV120: v, horizontalV120: h,
                    vertical: vertical, horizontal: horizontal))
        case .swipe:
            guard let phase: GesturePhase = f.raw(0), let fingers: UInt8 = f.get(1), let dx = f.fixed(2),
                let dy = f.fixed(3)
            else { return nil }
            return .swipe(Swipe(phase: phase, fingers: fingers, dx: dx, dy: dy))
        case .pinch:
            guard let phase: GesturePhase = f.raw(0), let fingers: UInt8 = f.get(1), let dx = f.fixed(2),
                let dy = f.fixed(3), let scale = f.fixed(4), let angle = f.fixed(5)
            else { return nil }
            return .pinch(Pinch(phase: phase, fingers: fingers, dx: dx, dy: dy, scale: scale, angle: angle))
        case .hold:
            guard let phase: GesturePhase = f.raw(0), let fingers: UInt8 = f.get(1) else { return nil }
            return .hold(Hold(phase: phase, fingers: fingers))
        case .touch:
            guard let phase: TouchPhase = f.raw(0), let slot: Int32 = f.get(1), let x: Int32 = f.get(2),
                let y: Int32 = f.get(3)
            else { return nil }
            return .touch(Touch(phase: phase, slot: slot, x: x, y: y))
        case .tabletTool: return tablet(f)
        case .tabletPad:
            guard let control: PadControl = f.raw(0), let number: UInt16 = f.get(1), let value = f.fixed(2),
                let mode: UInt8 = f.get(3)
            else { return nil }
            return .tabletPad(TabletPad(control: control, number: number, value: value, mode: mode))
        case .toggle:
            guard let kind: SwitchKind = f.raw(0), let isOn = f.flag(1) else { return nil }
            return .toggle(Toggle(kind: kind, isOn: isOn))
        default: return nil
        }
    }

    private static func tablet(_ f: Fields) -> Payload? {
        guard let phase: TabletPhase = f.raw(0), let tool: UInt8 = f.get(1), let button: UInt16 = f.get(2),
            let x: Int32 = f.get(3), let y: Int32 = f.get(4), let pressure: Int32 = f.get(5),
            let distance: Int32 = f.get(6), let tiltX = f.fixed(7), let tiltY = f.fixed(8), let rotation = f.fixed(9),
            let slider: Int32 = f.get(10), let wheel: Int32 = f.get(11)
        else { return nil }
        return .tabletTool(
            TabletTool(
                phase: phase, tool: tool, button: button, x: x, y: y, pressure: pressure, distance: distance,
                tiltX: tiltX, tiltY: tiltY, rotation: rotation, slider: slider, wheelV120: wheel))
    }

    private static func state(_ kind: Kind, _ f: Fields) -> Payload? {
        switch kind {
        case .deviceAdded:
            guard let vendor: UInt16 = f.get(0), let product: UInt16 = f.get(1), let bus: UInt16 = f.get(2),
                let capabilities: UInt16 = f.get(3), let width: UInt32 = f.get(4), let height: UInt32 = f.get(5),
                let isKnown = f.flag(6)
            else { return nil }
            return .deviceAdded(
                DeviceDescription(
                    name: f.texts[0], sysname: f.texts[1], seat: f.texts[2], vendor: vendor, product: product, bus: bus,
                    capabilities: Capabilities(rawValue: capabilities), widthMicrometres: width,
                    heightMicrometres: height, isConfigurationKnown: isKnown))
        case .deviceRemoved: return .deviceRemoved(DeviceRemoval(sysname: f.texts[0]))
        case .focus:
            guard let id: UInt32 = f.get(0), id != 0, let state: FocusState = f.raw(1), let form: TitleForm = f.raw(2),
                let process: Int32 = f.get(3), let uncertainty: UInt32 = f.get(5)
            else { return nil }
            return .focus(
                FocusDescription(
                    id: id, state: state, appID: f.texts[0], title: f.texts[1], titleForm: form, processID: process,
                    window: f.word(4), output: f.texts[2], source: f.texts[3], uncertaintyMicroseconds: uncertainty))
        case .layout:
            guard let isKnown = f.flag(0), let group: UInt32 = f.get(1) else { return nil }
            return .layout(LayoutDescription(isKnown: isKnown, name: f.texts[0], group: group, keymapHash: f.word(2)))
        case .suppression:
            guard let reason: SuppressionReason = f.raw(0), let phase: SpanPhase = f.raw(1) else { return nil }
            return .suppression(
                Suppression(
                    reason: reason, phase: phase, startMicroseconds: f.word(2), endMicroseconds: f.word(3),
                    keys: f.word(4), others: f.word(5)))
        case .loss:
            guard let reason: LossReason = f.raw(0), let isKnown = f.flag(3) else { return nil }
            return .loss(
                Loss(
                    reason: reason, startMicroseconds: f.word(1), endMicroseconds: f.word(2),
                    count: isKnown ? f.word(4) : nil, detail: f.texts[0]))
        case .clock:
            guard let reason: ClockReason = f.raw(1) else { return nil }
            return .clock(ClockPair(realtimeMicroseconds: f.word(0), reason: reason))
        case .session:
            guard let user: UInt32 = f.get(0), let isActive = f.flag(1) else { return nil }
            return .session(SessionDescription(subject: f.texts[0], userID: user, isActive: isActive))
        case .recorder:
            guard let isRunning = f.flag(0) else { return nil }
            return .recorder(RecorderState(isRunning: isRunning, version: f.texts[0], libinputVersion: f.texts[1]))
        case .forgetting:
            guard let isEverything = f.flag(0) else { return nil }
            return .forgetting(ForgettingNotice(isEverything: isEverything))
        case .consent:
            guard let isGiven = f.flag(0), let user: UInt32 = f.get(1) else { return nil }
            return .consent(
                ConsentNotice(isGiven: isGiven, userID: user, receipt: f.texts[0], subject: f.texts[1]))
        case .pause:
            guard let isPaused = f.flag(0) else { return nil }
            return .pause(PauseNotice(isPaused: isPaused, endRealtimeMicroseconds: f.word(1)))
        case .output: return output(f)
        case .settings:
            guard let isKnown = f.flag(0) else { return nil }
            let numbers = (0..<DeviceSettings.numberCount).compactMap { f.get($0 + 1, as: UInt16.self) }
            guard let settings = DeviceSettings(numbers: numbers) else { return nil }
            return .settings(SettingsNotice(isKnown: isKnown, settings: settings, source: f.texts[0]))
        case .interaction: return Interaction(f).map(Payload.interaction)
        case .windowPlace:
            guard let x: Int32 = f.get(0), let y: Int32 = f.get(1), let width: UInt32 = f.get(2),
                let height: UInt32 = f.get(3)
            else { return nil }
            return .windowPlace(WindowPlace(x: x, y: y, width: width, height: height))
        case .pointerPlace:
            guard let frame: PointerFrame = f.raw(0), let delay: UInt32 = f.get(1), let x = f.fixed(2),
                let y = f.fixed(3)
            else { return nil }
            return .pointerPlace(PointerPlace(frame: frame, delayMicroseconds: delay, x: x, y: y))
        default: return nil
        }
    }

    private static func output(_ f: Fields) -> Payload? {
        guard let number: UInt32 = f.get(0), number != 0, let isConnected = f.flag(1), let x: Int32 = f.get(2),
            let y: Int32 = f.get(3), let width: UInt32 = f.get(4), let height: UInt32 = f.get(5),
            let modeWidth: UInt32 = f.get(6), let modeHeight: UInt32 = f.get(7), let refresh: UInt32 = f.get(8),
            let scale = f.fixed(9), let transform: OutputTransform = f.raw(10),
            let widthMillimetres: UInt32 = f.get(11), let heightMillimetres: UInt32 = f.get(12)
        else { return nil }
        return .output(
            OutputNotice(
                number: number, isConnected: isConnected,
                output: OutputDescription(
                    name: f.texts[0], text: f.texts[1], x: x, y: y, width: width, height: height,
                    modeWidth: modeWidth, modeHeight: modeHeight, refreshMillihertz: refresh, scale: scale,
                    transform: transform, widthMillimetres: widthMillimetres, heightMillimetres: heightMillimetres)))
    }
}

extension Interaction {
    fileprivate init?(_ f: Fields) {
        guard let cause: InteractionCause = f.raw(0), let isAnswered = f.flag(1), let role: UInt16 = f.get(2),
            let form: TitleForm = f.raw(3), let hasBounds = f.flag(4), let x: Int32 = f.get(5), let y: Int32 = f.get(6),
            let width: Int32 = f.get(7), let height: Int32 = f.get(8)
        else { return nil }
        self.init(cause: cause)
        guard isAnswered else { return }
        widget = Widget(
            role: role, name: f.texts[0], nameForm: form, application: f.texts[1],
            bounds: hasBounds ? WidgetBounds(x: x, y: y, width: width, height: height) : nil)
    }
}

extension Kind {
    var isInput: Bool { rawValue < 32 }
}
