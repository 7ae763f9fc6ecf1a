import Events

/// What the desktop says of the person's settings for devices, all of it: of what no choice names, nothing is known.
public struct SettingsReport: Sendable, Equatable {
    /// So many fit into a packet whatever devices are called.
    public static let limit = 24

    /// Who says so; empty: nobody.
    public var source: String
    /// The first that fits a device is the one that counts.
    public var choices: [DeviceChoice]
    public init(source: String, choices: [DeviceChoice]) {
        self.source = source
        self.choices = choices
    }
}

extension SettingsReport {
    func encode(into bytes: inout [UInt8]) {
        bytes.put(UInt8(11))
        bytes.put(source, limit: StringLimit.source)
        let first = choices.prefix(Self.limit)
        bytes.put(UInt8(first.count))
        for choice in first {
            choice.selector.encode(into: &bytes)
            for number in choice.settings.numbers { bytes.put(number) }
        }
    }

    init(_ reader: inout WireReader) throws(ProtocolError) {
        self.init(source: try reader.string("source", limit: StringLimit.source), choices: [])
        let count = try reader.integer("choice count", as: UInt8.self)
        guard count <= Self.limit else { throw .tooLong(field: "choices", limit: Self.limit, actual: Int(count)) }
        for _ in 0..<count {
            choices.append(DeviceChoice(try DeviceSelector(&reader), try DeviceSettings(&reader)))
        }
    }
}

extension DeviceSelector {
    fileprivate func encode(into bytes: inout [UInt8]) {
        switch self {
        case .node(let name):
            bytes.put(UInt8(0))
            bytes.put(name, limit: StringLimit.name)
        case .make(let vendor, let product, let name):
            bytes.put(UInt8(1))
            bytes.put(vendor)
            bytes.put(product)
            bytes.put(name, limit: StringLimit.deviceName)
        case .touchpads: bytes.put(UInt8(2))
        case .mice: bytes.put(UInt8(3))
        }
    }

    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        switch try reader.integer("selector", as: UInt8.self) {
        case 0: self = .node(try reader.string("node", limit: StringLimit.name))
        case 1:
            self = .make(
                vendor: try reader.integer("vendor"), product: try reader.integer("product"),
                name: try reader.string("device's name", limit: StringLimit.deviceName))
        case 2: self = .touchpads
        case 3: self = .mice
        case let other: throw .badValue(field: "selector", actual: UInt64(other))
        }
    }
}

extension DeviceSettings {
    fileprivate init(_ reader: inout WireReader) throws(ProtocolError) {
        var numbers: [UInt16] = []
        for limit in Self.numberLimits {
            let number = try reader.integer("setting", as: UInt16.self)
            guard number <= limit else { throw .badValue(field: "setting", actual: UInt64(number)) }
            numbers.append(number)
        }
        guard let settings = Self(numbers: numbers) else { throw .badValue(field: "setting", actual: 0) }
        self = settings
    }
}
