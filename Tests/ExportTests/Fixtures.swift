import Events
import Export
import Glibc
import Testing

@testable import Journal

/// Times are read in a zone with summer time that needs no zone files: Berlin's.
let berlin: Void = {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1)
    tzset()
}()

/// 2026-11-24T08:30:00Z, as the realtime at CLOCK_MONOTONIC 0.
let morning: UInt64 = 1_795_509_000_000_000

/// What a reader would meet: records at CLOCK_MONOTONIC milliseconds after that morning.
struct Tape {
    private(set) var items: [JournalItem] = []
    private var sequence: UInt64 = 1

    init() {
        _ = berlin
        let none = Identifier(high: 0, low: 0)
        items.append(
            .segment(
                SegmentHeader(
                    segmentID: none, number: 1, machineID: none, bootID: none, firstSequence: 1,
                    monotonicMicroseconds: 0,
                    realtimeMicroseconds: morning, userID: 1000, subject: "ada")))
        add(.clock(ClockPair(realtimeMicroseconds: morning, reason: .start)), at: 0)
    }

    mutating func add(
        _ payload: Payload, at milliseconds: UInt64, device: DeviceID = 0, focus: FocusID = 0, marks: Marks = []
    ) {
        let event = Event(
            timeMicroseconds: milliseconds * 1000, device: device, focus: focus, marks: marks, payload: payload)
        items.append(.event(StoredEvent(sequence: sequence, segment: 1, event: event)))
        sequence += 1
    }

    mutating func add(_ damage: Damage) { items.append(.damage(damage)) }

    mutating func focus(_ id: FocusID, _ appID: String, title: String? = nil, at milliseconds: UInt64) {
        add(
            .focus(
                FocusDescription(
                    id: id, state: .window, appID: appID, title: title ?? "", titleForm: title == nil ? .off : .full,
                    source: "wlr-foreign-toplevel", uncertaintyMicroseconds: 1500)), at: milliseconds, focus: id)
    }

    mutating func mouse(_ id: DeviceID, name: String = "Mouse", at milliseconds: UInt64) {
        add(
            .deviceAdded(
                DeviceDescription(
                    name: name, sysname: "event\(id)", seat: "seat0", vendor: 0x46D, product: 0xC52B,
                    capabilities: [.pointer])), at: milliseconds, device: id)
    }

    mutating func move(_ dx: Double, _ dy: Double, at milliseconds: UInt64, device: DeviceID = 1, focus: FocusID = 1) {
        add(.motion(Motion(dx: Fixed8(dx), dy: Fixed8(dy))), at: milliseconds, device: device, focus: focus)
    }

    /// What `kymo show --output json` prints of it.
    func json(_ query: Query = Query()) -> [String] {
        var format = JSONFormat()
        var bytes: [UInt8] = []
        each(query) { format.append($0, $1, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What `kymo show` prints of it.
    func short(_ query: Query = Query(), all: Bool = false, isColored: Bool = false) -> [String] {
        var format = ShortFormat(isColored: isColored, showsAll: all)
        var lines: [ShortLine] = []
        each(query) { format.append($0, $1, to: &lines) }
        format.finish(to: &lines)
        var printed: [String] = []
        var date = ""
        for line in lines {
            if !line.date.isEmpty, line.date != date { printed.append(format.heading(line.date)) }
            date = line.date.isEmpty ? date : line.date
            printed.append(line.text)
        }
        return printed
    }

    func each(_ query: Query, _ body: (JournalItem, EventContext) -> Void) {
        var context = EventContext()
        for item in items {
            context.follow(item)
            if query.selects(item, context) { body(item, context) }
            context.settle(item)
        }
    }
}
