/// Where the window that has the keyboard is: its frame without shadows, in the logical pixels in which outputs have their
/// places (`OutputDescription`). As the compositor says it, and no more than that.
public struct WindowPlace: Sendable, Hashable {
    public var x: Int32
    public var y: Int32
    public var width: UInt32
    public var height: UInt32
    public init(x: Int32, y: Int32, width: UInt32, height: UInt32) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

/// From where a pointer's place is counted. Raw values are part of the journal's format and of the agent's protocol.
public enum PointerFrame: UInt8, Sendable, Hashable, CaseIterable {
    /// As outputs and windows are: the desktop's own.
    case desktop = 0
    /// From the corner of the surface of the window that has the keyboard, over which the pointer is.
    case window = 1
}

/// Where the pointer was when one of its buttons was pressed, or as soon after as the compositor could say.
///
/// Relative motion is all that devices tell; acceleration, edges and warps are the compositor's. So such a place is what
/// the sum of motions can be tied to.
public struct PointerPlace: Sendable, Hashable {
    public var frame: PointerFrame
    /// Between the press and the look at the pointer. What moved in between are the motion records of that time.
    public var delayMicroseconds: UInt32
    /// Logical pixels.
    public var x: Fixed8
    public var y: Fixed8
    public init(frame: PointerFrame, delayMicroseconds: UInt32, x: Fixed8, y: Fixed8) {
        self.frame = frame
        self.delayMicroseconds = delayMicroseconds
        self.x = x
        self.y = y
    }
}
