import AgentProtocol
import Bus
import CLinuxShim

/// What KWin's script is asked, one question at a time: the script calls, and the answer to its call is the next question. So a
/// question waits until the script has answered the one before.
struct ScriptQuestions {
    /// What is to be known of the next answer.
    struct Wishes {
        var probes: [UInt64] = []
        var pointers: [(PointerWord?) -> Void] = []

        var isEmpty: Bool { probes.isEmpty && pointers.isEmpty }
    }

    struct Question {
        var number: UInt64
        var sentMicroseconds: UInt64
        var wishes: Wishes
    }

    var wishes = Wishes()
    private var lastNumber: UInt64 = 0
    /// The script waits for a question.
    private var call: BusReply?
    /// It has one, and has not answered yet.
    private var question: Question?

    var scriptWaits: Bool { call != nil }

    /// Asks for all that is wished. False: the script does not wait for a question.
    mutating func ask() -> Bool {
        guard let call else { return false }
        self.call = nil
        lastNumber += 1
        question = Question(number: lastNumber, sentMicroseconds: kymo_monotonic_microseconds(), wishes: wishes)
        wishes = Wishes()
        call.send(.values([.string("\(lastNumber)")]))
        return true
    }

    /// The script has answered, and waits again. Nil: what is out has another number, or nothing is.
    mutating func answered(_ number: UInt64?, _ call: BusReply) -> Question? {
        self.call = call
        guard let question, question.number == number else { return nil }
        self.question = nil
        return question
    }

    /// There is no script any more: those who wanted to know, who get no answer. Numbers go on, so that no answer of the old one
    /// is taken for the new one's.
    mutating func end() -> Wishes {
        defer {
            call = nil
            question = nil
            wishes = Wishes()
        }
        return Wishes(
            probes: wishes.probes + (question?.wishes.probes ?? []),
            pointers: wishes.pointers + (question?.wishes.pointers ?? []))
    }
}
