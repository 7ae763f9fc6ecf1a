import Events

/// The outputs of the session, all of them: those that are not in it are gone.
public struct OutputsReport: Sendable, Equatable {
    /// So many fit into a packet whatever they are called.
    public static let limit = 16

    /// One of them.
    public struct Output: Sendable, Equatable {
        /// The agent's own, of that output alone as long as the connection lasts.
        public var number: UInt32
        public var description: OutputDescription
        public init(number: UInt32, description: OutputDescription) {
            self.number = number
            self.description = description
        }
    }

    public var outputs: [Output]
    public init(outputs: [Output]) { self.outputs = outputs }
}

extension OutputsReport {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(10))
        let first = outputs.prefix(Self.limit)
        bytes.put(UInt8(first.count))
        for output in first { output.encode(into: &bytes) }
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(outputs: [])
        let count = try reader.integer("output count", as: UInt8.self)
        guard count <= Self.limit else { throw .tooLong(field: "outputs", limit: Self.limit, actual: Int(count)) }
        for _ in 0..<count {
            let output = try Output(&reader)
            // One that is there twice would be two.
            guard !outputs.contains(where: { $0.number == output.number }) else {
                throw .badValue(field: "output number", actual: UInt64(output.number))
            }
            outputs.append(output)
        }
    }
}

extension OutputsReport.Output {
    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.put(number)
        bytes.put(description.x)
        bytes.put(description.y)
        bytes.put(description.width)
        bytes.put(description.height)
        bytes.put(description.modeWidth)
        bytes.put(description.modeHeight)
        bytes.put(description.refreshMillihertz)
        bytes.put(description.scale.raw)
        bytes.put(description.transform.rawValue)
        bytes.put(description.widthMillimetres)
        bytes.put(description.heightMillimetres)
        bytes.put(description.name, limit: StringLimit.output)
        bytes.put(description.text, limit: StringLimit.outputText)
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        number = try reader.integer("output number")
        description = OutputDescription(name: "")
        description.x = try reader.integer("x")
        description.y = try reader.integer("y")
        description.width = try reader.integer("width")
        description.height = try reader.integer("height")
        description.modeWidth = try reader.integer("mode width")
        description.modeHeight = try reader.integer("mode height")
        description.refreshMillihertz = try reader.integer("refresh")
        description.scale = Fixed8(raw: try reader.integer("scale"))
        description.transform = try reader.raw("transform", as: OutputTransform.self)
        description.widthMillimetres = try reader.integer("width in mm")
        description.heightMillimetres = try reader.integer("height in mm")
        description.name = try reader.string("output", limit: StringLimit.output)
        description.text = try reader.string("output's description", limit: StringLimit.outputText)
    }
}
