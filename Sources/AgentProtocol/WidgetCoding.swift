import Events

/// The answer that both messages about widgets end with.
private enum Answer {
    static let nothing: UInt8 = 0
    static let widget: UInt8 = 1
    static let password: UInt8 = 2
}

extension FocusMet {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(14))
        bytes.put(timeMicroseconds)
        bytes.put(window)
        bytes.put(widget == nil ? Answer.nothing : Answer.widget)
        widget?.encode(into: &bytes)
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(
            timeMicroseconds: try reader.integer("time"), window: try reader.integer("window"), widget: nil)
        switch try reader.integer("answer", as: UInt8.self) {
        case Answer.nothing: break
        case Answer.widget: widget = try Widget(&reader)
        case let other: throw .badValue(field: "answer", actual: UInt64(other))
        }
    }
}

extension ClickMet {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(15))
        bytes.put(number)
        switch answer {
        case .nothing: bytes.put(Answer.nothing)
        case .password: bytes.put(Answer.password)
        case .widget(let widget):
            bytes.put(Answer.widget)
            widget.encode(into: &bytes)
        }
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(number: try reader.integer("click"), answer: .nothing)
        switch try reader.integer("answer", as: UInt8.self) {
        case Answer.nothing: break
        case Answer.widget: answer = .widget(try Widget(&reader))
        case Answer.password: answer = .password
        case let other: throw .badValue(field: "answer", actual: UInt64(other))
        }
    }
}

extension Widget {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.put(role)
        bytes.put(UInt8(nameForm == .truncated || name.utf8.count > StringLimit.widgetName ? 1 : 0))
        bytes.put(name, limit: StringLimit.widgetName)
        bytes.put(application, limit: StringLimit.application)
        bytes.put(UInt8(bounds == nil ? 0 : 1))
        guard let bounds else { return }
        bytes.put(bounds.x)
        bytes.put(bounds.y)
        bytes.put(bounds.width)
        bytes.put(bounds.height)
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(role: try reader.integer("role"))
        let isTruncated = try reader.flag("name truncated")
        name = try reader.string("name", limit: StringLimit.widgetName)
        guard !name.isEmpty || !isTruncated else { throw .badValue(field: "name truncated", actual: 1) }
        nameForm = name.isEmpty ? .off : isTruncated ? .truncated : .full
        application = try reader.string("application", limit: StringLimit.application)
        guard try reader.flag("has bounds") else { return }
        bounds = WidgetBounds(
            x: try reader.integer("x"), y: try reader.integer("y"), width: try reader.integer("width"),
            height: try reader.integer("height"))
    }
}
