import Events

/// The kinds of records, and the fields each has: the single source of what a chunk's columns mean.
/// docs/FORMAT.md, "Records", is this file in prose. Numbers and order are for ever; a new field needs a new kind.
enum Kind: UInt8, CaseIterable, Sendable {
    case key = 1
    case keyCounts = 2
    case motion = 3
    case position = 4
    case button = 5
    case scroll = 6
    case swipe = 7
    case pinch = 8
    case hold = 9
    case touch = 10
    case tabletTool = 11
    case tabletPad = 12
    case toggle = 13

    case deviceAdded = 32
    case deviceRemoved = 33
    case focus = 34
    case layout = 35
    case suppression = 36
    case loss = 37
    case clock = 38
    case session = 39
    case recorder = 40
    case forgetting = 41
    case consent = 42
    case pause = 43
    case output = 44
    case settings = 45
    case windowPlace = 46
    case interaction = 48
    case pointerPlace = 49

    var integerCount: Int {
        switch self {
        case .key: 3
        case .keyCounts: KeyClass.allCases.count
        case .motion, .position, .button, .hold, .toggle: 2
        case .scroll, .pinch: 6
        case .swipe, .touch, .tabletPad, .windowPlace, .pointerPlace: 4
        case .tabletTool: 12
        case .deviceAdded: 7
        case .deviceRemoved: 0
        case .focus: 6
        case .layout: 3
        case .suppression: 6
        case .loss: 5
        case .clock, .session, .consent, .pause: 2
        case .recorder, .forgetting: 1
        case .output, .settings: 13
        case .interaction: 9
        }
    }

    var textCount: Int {
        switch self {
        case .deviceAdded: 3
        case .deviceRemoved, .layout, .loss, .session, .settings: 1
        case .focus: 4
        case .recorder, .consent, .output, .interaction: 2
        default: 0
        }
    }

    /// State that later records refer to: a reader that skips chunks must still read these.
    var isState: Bool {
        switch self {
        case .suppression, .loss, .forgetting, .pause, .windowPlace, .interaction, .pointerPlace: false
        default: rawValue >= 32
        }
    }
}

extension Payload {
    var kind: Kind {
        switch self {
        case .key: .key
        case .keyCounts: .keyCounts
        case .motion: .motion
        case .position: .position
        case .button: .button
        case .scroll: .scroll
        case .swipe: .swipe
        case .pinch: .pinch
        case .hold: .hold
        case .touch: .touch
        case .tabletTool: .tabletTool
        case .tabletPad: .tabletPad
        case .toggle: .toggle
        case .deviceAdded: .deviceAdded
        case .deviceRemoved: .deviceRemoved
        case .focus: .focus
        case .layout: .layout
        case .suppression: .suppression
        case .loss: .loss
        case .clock: .clock
        case .session: .session
        case .recorder: .recorder
        case .forgetting: .forgetting
        case .consent: .consent
        case .pause: .pause
        case .output: .output
        case .settings: .settings
        case .windowPlace: .windowPlace
        case .interaction: .interaction
        case .pointerPlace: .pointerPlace
        }
    }
}
