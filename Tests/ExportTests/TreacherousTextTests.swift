import Events
import Export
import Testing

@Suite("Texts that would move a terminal")
struct TreacherousTextTests {
    static let title = "a\u{1B}[2Jb\u{9B}31mc\u{202E}d\u{7}\u{2028}e\u{7F}\n\"\\"

    @Test("the short form shows them and never sends them")
    func short() {
        var tape = Tape()
        tape.focus(1, "evil\u{1B}app", title: Self.title, at: 1)
        tape.mouse(1, name: "mouse\u{1B}]0;x\u{7}", at: 2)
        let text = tape.short().joined()
        #expect(text.unicodeScalars.filter(\.isTreacherous).isEmpty)
        #expect(text.contains(#"a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{7}\u{2028}e\u{7f}\u{a}"\"#))
    }

    @Test("JSON escapes them, and stays JSON")
    func json() {
        var tape = Tape()
        tape.focus(1, "foot", title: Self.title, at: 1)
        #expect(tape.json()[1].contains(#""title":"a\u001b[2Jb\u009b31mc\u202ed\u0007\u2028e\u007f\n\"\\""#))
    }

    @Test("other scripts stay as they are")
    func innocent() { #expect("naïve – 日本語 – עברית – 👩‍💻".visible == "naïve – 日本語 – עברית – 👩‍💻") }
}
