import Events
import Testing

@testable import Policy

/// When the agent is asked who has the keyboard: each case is presses, and the questions that they are worth.
struct QuestionTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        /// Milliseconds.
        var presses: [Double]
        var questions: [Double]
    }

    static let cases = [
        Case(
            testDescription: "one key: as soon as the compositor could surely read it",
            presses: [100], questions: [101.1]),
        Case(
            testDescription: "a shortcut that a remapper types: one, for both",
            presses: [100, 100.1], questions: [101.2]),
        Case(
            testDescription: "a chord: one, for all that come within the gathering time",
            presses: [100, 100.2, 100.4, 100.5], questions: [101.6]),
        Case(
            testDescription: "no key waits for longer than that, however many follow it",
            presses: [100, 100.4, 100.8, 101.2, 101.6], questions: [101.5, 103.5]),
        Case(
            testDescription: "two keys of a hand: each its own",
            presses: [100, 104], questions: [101.1, 105.1]),
        Case(
            testDescription: "closer than questions may be: the second waits",
            presses: [100, 101], questions: [101.1, 103.1]),
    ]

    @Test(arguments: cases) func pressesThatComeCloseShareAQuestion(_ wanted: Case) throws {
        let desk = try Desk()
        desk.focus("full", at: 0)
        desk.confirm(at: 1)
        var asked: [Double] = []
        for tenth in 990..<1_200 {
            let ms = Double(tenth) / 10
            for press in wanted.presses where abs(press - ms) < 0.01 { desk.press(30, at: ms) }
            if desk.confirm(at: ms) { asked.append(ms) }
        }
        #expect(asked == wanted.questions)
        desk.advance(to: 121)
        #expect(desk.lines == wanted.presses.map { _ in "press 30 full" }, "and all of them are confirmed")
    }
}
