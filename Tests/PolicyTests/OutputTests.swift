import Events
import Testing

@testable import Policy

@Suite struct OutputTests {
    private typealias Listed = [(agentNumber: UInt32, description: OutputDescription)]

    private func outputs(_ listed: (UInt32, String, Int32)...) -> Listed {
        listed.map { ($0.0, OutputDescription(name: $0.1, x: $0.2)) }
    }

    private func words(_ notices: [OutputNotice]) -> [String] {
        notices.map { "\($0.isConnected ? "+" : "-")\($0.number) \($0.output.name) \($0.output.x)" }
    }

    @Test func whatIsWrittenIsWhatHasChanged() {
        var table = OutputTable()
        #expect(words(table.changes(to: outputs((70, "a", 0), (80, "b", 100)))) == ["+1 a 0", "+2 b 100"])
        #expect(words(table.changes(to: outputs((80, "b", 100), (70, "a", 0)))) == [], "the order means nothing")
        #expect(words(table.changes(to: outputs((80, "b", 0)))) == ["-1 a 0", "+2 b 0"])
        #expect(words(table.changes(to: outputs((70, "a", 0), (80, "b", 0)))) == ["+3 a 0"], "plugged in again")
        #expect(words(table.changes(to: outputs())) == ["-3 a 0", "-2 b 0"])
    }

    @Test func anotherAgentsOutputsAreOthers() {
        var table = OutputTable()
        _ = table.changes(to: outputs((1, "a", 0)))
        table.forget()
        #expect(words(table.changes(to: outputs((1, "a", 0)))) == ["+2 a 0"])
    }

    private func records(_ desk: Desk) -> [String] {
        words(desk.written.compactMap { if case .output(let notice) = $0.payload { notice } else { nil } })
    }

    @Test func theyStandAmongTheEventsOfTheirTime() throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.press(30, at: 10)
        desk.gate.outputsChanged(outputs((1, "a", 0)), receivedMicroseconds: Desk.start + 12_000)
        desk.press(31, at: 14)
        desk.confirm(at: 30)
        desk.advance(to: 40)
        let kinds = desk.written.compactMap { event -> String? in
            switch event.payload {
            case .key(let key): "\(key.code)"
            case .output: "output"
            default: nil
            }
        }
        #expect(kinds == ["30", "output", "31"])
    }

    /// Written behind the end of the session it would be in force for whoever comes next.
    @Test func whatWaitsWhenTheAgentGoesIsNotWritten() throws {
        let desk = try Desk()
        desk.gate.outputsChanged(outputs((1, "a", 0)), receivedMicroseconds: Desk.start + 1_000)
        desk.close(at: 2)
        desk.gate.agentLost(nowMicroseconds: Desk.start + 2_000)
        desk.advance(to: 10)
        #expect(records(desk) == [])
        desk.open(at: 20)
        desk.gate.agentConnected(nowMicroseconds: Desk.start + 20_000)
        desk.gate.outputsChanged(outputs((1, "a", 0)), receivedMicroseconds: Desk.start + 21_000)
        desk.advance(to: 30)
        #expect(records(desk) == ["+2 a 0"])
    }
}
