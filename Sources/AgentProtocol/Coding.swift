import Events

extension AgentMessage {
    /// Appends the packet's bytes. Strings beyond their limits are cut.
    public func encode(into bytes: inout [UInt8]) {
        switch self {
        case .hello(let hello):
            bytes.put(UInt8(1))
            bytes.put(protocolVersion)
            bytes.put(hello.backend, limit: StringLimit.name)
            bytes.put(hello.compositor, limit: StringLimit.name)
        case .focus(let focus): focus.encode(into: &bytes)
        case .layout(let layout): layout.encode(into: &bytes)
        case .watermark(let watermark):
            bytes.put(UInt8(4))
            bytes.put(watermark.probe)
            bytes.put(watermark.sentMicroseconds)
            bytes.put(watermark.answeredMicroseconds)
            bytes.put(watermark.checkedMicroseconds)
        case .backendState(let state):
            bytes.put(UInt8(5))
            bytes.put(UInt8(state.isUsable ? 1 : 0))
            bytes.put(state.backend, limit: StringLimit.name)
            bytes.put(state.reason, limit: StringLimit.reason)
        case .indicator(let state):
            bytes.put(UInt8(6))
            bytes.put(UInt8(state.isShown ? 1 : 0))
            bytes.put(state.means, limit: StringLimit.name)
            bytes.put(state.reason, limit: StringLimit.reason)
        case .field(let field): field.encode(into: &bytes)
        case .pauseRequest(let request):
            bytes.put(UInt8(8))
            bytes.put(request.action.rawValue)
            bytes.put(request.seconds)
        case .lock(let lock):
            bytes.put(UInt8(9))
            bytes.put(lock.timeMicroseconds)
            bytes.put(UInt8(lock.isLocked ? 1 : 0))
        case .outputs(let report): report.encode(into: &bytes)
        case .settings(let report): report.encode(into: &bytes)
        case .focusMet(let met): met.encode(into: &bytes)
        case .clickMet(let met): met.encode(into: &bytes)
        case .windowPlace(let report): report.encode(into: &bytes)
        case .pointerPlace(let report): report.encode(into: &bytes)
        }
    }

    /// Reads one packet, whole.
    public init(decoding packet: UnsafeRawBufferPointer) throws(ProtocolError) {
        guard packet.count <= maximumMessageBytes else {
            throw .packetTooLong(limit: maximumMessageBytes, actual: packet.count)
        }
        var reader = WireReader(packet)
        switch try reader.integer("message type", as: UInt8.self) {
        case 1:
            let version = try reader.integer("version", as: UInt16.self)
            guard version == protocolVersion else {
                throw .unknownVersion(expected: protocolVersion, actual: version)
            }
            self = .hello(
                Hello(
                    backend: try reader.string("backend", limit: StringLimit.name),
                    compositor: try reader.string("compositor", limit: StringLimit.name)))
        case 2: self = .focus(try FocusReport(&reader))
        case 3: self = .layout(try LayoutReport(&reader))
        case 4:
            self = .watermark(
                Watermark(
                    probe: try reader.integer("probe"), sentMicroseconds: try reader.integer("sent time"),
                    answeredMicroseconds: try reader.integer("answered time"),
                    checkedMicroseconds: try reader.integer("checked time")))
        case 5:
            self = .backendState(
                BackendState(
                    isUsable: try reader.flag("usable"),
                    backend: try reader.string("backend", limit: StringLimit.name),
                    reason: try reader.string("reason", limit: StringLimit.reason)))
        case 6:
            self = .indicator(
                IndicatorState(
                    isShown: try reader.flag("shown"), means: try reader.string("means", limit: StringLimit.name),
                    reason: try reader.string("reason", limit: StringLimit.reason)))
        case 7: self = .field(try FieldReport(&reader))
        case 8:
            self = .pauseRequest(
                PauseRequest(
                    action: try reader.raw("action", as: PauseRequest.Action.self),
                    seconds: try reader.integer("seconds")))
        case 9:
            self = .lock(
                LockReport(timeMicroseconds: try reader.integer("time"), isLocked: try reader.flag("locked")))
        case 10: self = .outputs(try OutputsReport(&reader))
        case 11: self = .settings(try SettingsReport(&reader))
        case 14: self = .focusMet(try FocusMet(&reader))
        case 15: self = .clickMet(try ClickMet(&reader))
        case 16: self = .windowPlace(try WindowPlaceReport(&reader))
        case 17: self = .pointerPlace(try PointerPlaceReport(&reader))
        case let type: throw .unknownMessage(type)
        }
        try reader.finish()
    }
}

extension FocusReport {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(2))
        bytes.put(timeMicroseconds)
        bytes.put(state.rawValue)
        bytes.put(window)
        bytes.put(processID)
        bytes.put(UInt8(isTitleTruncated || title.utf8.count > StringLimit.title ? 1 : 0))
        bytes.put(appID, limit: StringLimit.appID)
        bytes.put(title, limit: StringLimit.title)
        bytes.put(output, limit: StringLimit.output)
        bytes.put(source, limit: StringLimit.source)
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(
            timeMicroseconds: try reader.integer("time"), state: try reader.raw("state", as: FocusState.self))
        window = try reader.integer("window")
        processID = try reader.integer("process id")
        isTitleTruncated = try reader.flag("title truncated")
        appID = try reader.string("app id", limit: StringLimit.appID)
        title = try reader.string("title", limit: StringLimit.title)
        output = try reader.string("output", limit: StringLimit.output)
        source = try reader.string("source", limit: StringLimit.source)
    }

    /// As the gate takes it; number and uncertainty are the gate's to give.
    public var focusDescription: FocusDescription {
        FocusDescription(
            id: 0, state: state, appID: appID, title: title,
            titleForm: title.isEmpty ? .off : (isTitleTruncated ? .truncated : .full), processID: processID,
            window: window, output: output, source: source)
    }
}

extension FieldReport {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(7))
        bytes.put(timeMicroseconds)
        bytes.put(window)
        bytes.put(field.access.rawValue)
        bytes.put(field.purpose.rawValue)
        bytes.put(UInt8(field.isPrivate ? 1 : 0))
        bytes.put(UInt8(field.isTerminal ? 1 : 0))
        // The newest ones count: what came before them nobody can vouch for then.
        let newest = samples.suffix(Self.sampleLimit)
        bytes.put(UInt8(newest.count))
        for sample in newest {
            bytes.put(sample.timeMicroseconds)
            bytes.put(sample.state.rawValue)
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(
            timeMicroseconds: try reader.integer("time"), window: try reader.integer("window"),
            field: FieldDescription(
                access: try reader.raw("access", as: FieldAccess.self),
                purpose: try reader.raw("purpose", as: ContentPurpose.self), isPrivate: try reader.flag("private"),
                isTerminal: try reader.flag("terminal")))
        let count = try reader.integer("sample count", as: UInt8.self)
        guard count <= Self.sampleLimit else {
            throw .tooLong(field: "samples", limit: Self.sampleLimit, actual: Int(count))
        }
        for _ in 0..<count {
            samples.append(
                EchoSample(
                    timeMicroseconds: try reader.integer("sample time"),
                    state: try reader.raw("echo state", as: EchoState.self)))
        }
    }
}

extension LayoutReport {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(3))
        bytes.put(UInt8(description.isKnown ? 1 : 0))
        bytes.put(description.group)
        bytes.put(description.keymapHash)
        bytes.put(description.name, limit: StringLimit.name)
        bytes.put(UInt8(table == nil ? 0 : 1))
        guard let table else { return }
        for keyClass in table.classes { bytes.put(keyClass.rawValue) }
        for role in table.roles { bytes.put(role.rawValue) }
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        let isKnown = try reader.flag("known")
        let group = try reader.integer("group", as: UInt32.self)
        let hash = try reader.integer("keymap hash", as: UInt64.self)
        let name = try reader.string("name", limit: StringLimit.name)
        self.init(
            description: LayoutDescription(isKnown: isKnown, name: name, group: group, keymapHash: hash), table: nil)
        let hasTable = try reader.flag("has table")
        guard hasTable == isKnown else { throw .badValue(field: "has table", actual: hasTable ? 1 : 0) }
        guard hasTable else { return }
        var classes: [KeyClass] = []
        classes.reserveCapacity(LayoutTable.codeCount * LayoutTable.levelCount)
        for _ in 0..<LayoutTable.codeCount * LayoutTable.levelCount {
            classes.append(try reader.raw("key class", as: KeyClass.self))
        }
        var roles: [ModifierRole] = []
        roles.reserveCapacity(LayoutTable.codeCount)
        for _ in 0..<LayoutTable.codeCount { roles.append(try reader.raw("modifier role", as: ModifierRole.self)) }
        table = LayoutTable(classes: classes, roles: roles)
    }
}

extension DaemonMessage {
    /// Appends the packet's bytes.
    public func encode(into bytes: inout [UInt8]) {
        switch self {
        case .welcome(let version):
            bytes.put(UInt8(128))
            bytes.put(version)
        case .refused(let reason):
            bytes.put(UInt8(129))
            bytes.put(reason, limit: StringLimit.reason)
        case .probe(let id):
            bytes.put(UInt8(130))
            bytes.put(id)
        case .recording(let state):
            bytes.put(UInt8(131))
            bytes.put(state.phase.rawValue)
            bytes.put(state.text, limit: StringLimit.text)
        case .interactions(let window):
            bytes.put(UInt8(136))
            bytes.put(window)
        case .click(let number):
            bytes.put(UInt8(137))
            bytes.put(number)
        case .press(let number):
            bytes.put(UInt8(138))
            bytes.put(number)
        }
    }

    /// Reads one packet, whole.
    public init(decoding packet: UnsafeRawBufferPointer) throws(ProtocolError) {
        var reader = WireReader(packet)
        switch try reader.integer("message type", as: UInt8.self) {
        case 128: self = .welcome(version: try reader.integer("version"))
        case 129: self = .refused(reason: try reader.string("reason", limit: StringLimit.reason))
        case 130: self = .probe(id: try reader.integer("probe"))
        case 131:
            self = .recording(
                RecordingState(
                    phase: try reader.raw("phase", as: RecordingState.Phase.self),
                    text: try reader.string("text", limit: StringLimit.text)))
        case 136: self = .interactions(window: try reader.integer("window"))
        case 137: self = .click(number: try reader.integer("click"))
        case 138: self = .press(number: try reader.integer("press"))
        case let type: throw .unknownMessage(type)
        }
        try reader.finish()
    }
}
