import ArgumentParser
import Consent
import Events
import Export
import Glibc

struct ForgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Have what was recorded of you forgotten: the last while, a span, an app, or all of it.",
        discussion: """
            Always about yourself, without a password, and nobody is asked. What goes is gone for good: it is taken out of \
            the files. Whole chunks go, so that a quarter of a second around the span may go with it; the answer says from \
            when to when. A record stays which says that something was forgotten, and not what.

            --all destroys the key of the hashes of your titles, too: nobody can tell any more which title a hash was of.

            Not reached: backups and other copies of the journal's files, what was exported or read before, and what worn \
            flash, or a file system that keeps old versions, still holds of deleted blocks.
            """)

    @OptionGroup var control: ControlArguments
    @Argument(help: ArgumentHelp("The last while: 10min, 2h, 1d.", valueName: "duration"))
    var duration: String?
    @Option(name: .long, help: "What happened at this moment or later: \(Moment.forms).")
    var since: String?
    @Option(name: .long, help: "What happened before this moment.")
    var until: String?
    @Option(
        name: .long,
        help: "Only what happened while an app had the keyboard whose id matches; * and ? stand for any characters.")
    var app: String?
    @Flag(name: .long, help: "Everything that was ever recorded of you.")
    var all = false
    @Flag(name: .long, help: "--all: do not ask.")
    var yes = false

    func validate() throws {
        if all, duration != nil || since != nil || until != nil || app != nil {
            throw ValidationError("--all is everything: no span and no app go with it")
        }
        if duration != nil, since != nil || until != nil {
            throw ValidationError("a duration is the last while; --since and --until do not go with it")
        }
        if !all, duration == nil, since == nil, until == nil, app == nil {
            throw ValidationError("what is to be forgotten? 10min, --since and --until, --app, or --all")
        }
        if yes, !all { throw ValidationError("--yes: only --all asks") }
        _ = try scope()
    }

    private func scope() throws -> ForgetScope {
        if all { return .everything }
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let now = Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1_000
        func moment(_ text: String?, _ option: String) throws -> Int64? {
            guard let text else { return nil }
            guard let moment = Moment.parse(text, nowMicroseconds: now) else {
                throw ValidationError("\(option) '\(text)': expected \(Moment.forms)")
            }
            return moment
        }
        var first = try moment(since, "--since") ?? 0
        // The end of a span does not belong to it. That of the last while is now, whatever that is when it is done.
        let last = try moment(until, "--until").map { $0 - 1 } ?? .max
        if let duration {
            guard let length = Moment.spanMicroseconds(duration), length > 0 else {
                throw ValidationError("'\(duration)': expected 10min, 2h, 1d")
            }
            first = now - length
        }
        guard max(first, 0) <= last else { throw ValidationError("that span ends before it begins") }
        let glob = app.map { AppGlob($0) }
        if let glob, glob == nil { throw ValidationError("--app: 1 to \(AppGlob.lengthLimit) bytes expected") }
        return .span(UInt64(max(first, 0))...UInt64(last), app: glob ?? nil)
    }

    func run() throws {
        if all, !yes { try confirm() }
        try Erasure(control: control).carryOut(try scope())
    }

    private func confirm() throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw fail("--all asks before it erases, and here is no terminal to ask at; --yes says that you are sure")
        }
        guard Question.isAffirmed("Everything that was recorded of you on this computer will be gone for good.") else {
            print("Nothing was forgotten.")
            throw ExitCode(1)
        }
    }
}

/// A question at the terminal of which only a whole word is an affirmative answer.
enum Question {
    static func isAffirmed(_ text: String) -> Bool {
        print(text)
        // What was typed before this was shown is no answer to it.
        tcflush(STDIN_FILENO, Int32(TCIFLUSH))
        print("Type \"erase\" and Enter to do that; anything else leaves everything as it is.\n> ", terminator: "")
        fflush(nil)
        return readLine() == "erase"
    }
}

/// Has the recorder forget, and says what has gone.
struct Erasure {
    let control: ControlArguments

    func carryOut(_ scope: ForgetScope) throws {
        // However long it takes: the files of the whole journal may have to be gone through.
        let text = try control.ask(.forget(scope), patience: -1)
        do {
            try say(try ForgetAnswer(text: text), scope)
        } catch let error as ReceiptError {
            throw fail("\(control.control) answers what is not understood: \(error)")
        }
    }

    private func say(_ answer: ForgetAnswer, _ scope: ForgetScope) throws {
        var out = StandardOutput()
        if let span = answer.span {
            var moment = LocalMoment()
            try out.print(
                "Forgotten: \(counted(answer.records, "record")) in \(counted(answer.chunks, "chunk")) of "
                    + "\(counted(answer.segments, "segment")), from \(moment.text(span.lowerBound)) to "
                    + "\(moment.text(span.upperBound))"
                    + (scope == .everything ? "." : " (chunks go whole: a little around it may be gone, too)."))
        } else {
            try out.print("There was nothing of that to forget.")
        }
        if answer.isKeyDestroyed {
            try out.print("The key of the hashes of your titles is destroyed.")
        } else if scope == .everything {
            try out.print("The key of the hashes of your titles could NOT be destroyed: the recorder's log says why.")
        }
        if answer.leftFiles > 0 {
            try out.print(
                "\(counted(answer.leftFiles, "file")) that nobody can read, and that may be somebody else's, were left."
            )
        }
        try out.print(
            "Not reached: backups and copies of the journal, what was exported or read before, and what worn flash "
                + "still holds.")
        try out.flush()
    }
}
