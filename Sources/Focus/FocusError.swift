/// Why there is no compositor to ask.
public enum FocusError: Error, Sendable, Equatable, CustomStringConvertible {
    case noDisplay(name: String)
    case disconnected
    case finished

    public var description: String {
        switch self {
        case .noDisplay(let name): "no Wayland compositor answers on \(name)"
        case .disconnected: "the compositor closed the connection"
        case .finished: "the compositor no longer tells of its windows"
        }
    }
}
