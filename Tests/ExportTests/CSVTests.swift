import Events
import Export
import FoundationEssentials
import Journal
import Testing

extension Tape {
    /// What `kymo export csv` prints of it: per line the cells that are not empty, by column.
    func csv(_ query: Query = Query()) -> [[String: String]] {
        csvLines(query).map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            #expect(cells.count == CSVFormat.columns.count, "\(line)")
            return Dictionary(uniqueKeysWithValues: zip(CSVFormat.columns, cells)).filter { !$0.value.isEmpty }
        }
    }

    func csvLines(_ query: Query = Query()) -> [String] {
        var format = CSVFormat()
        var bytes: [UInt8] = []
        each(query) { format.append($0, $1, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

@Suite("CSV")
struct CSVTests {
    @Test("a line has the fields of the JSON line, each in its column, and nothing else")
    func columns() {
        var tape = Tape()
        tape.mouse(4, at: 1)
        tape.focus(9, "org.gnome.Terminal", at: 2)
        tape.move(1.5, -2, at: 3, device: 4, focus: 9)
        #expect(
            tape.csv()[3] == [
                "kind": "motion", "sequence": "4", "segment": "1", "time_us": "3000",
                "realtime": "2026-11-24T08:30:00.003000Z", "device": "4", "device_name": "Mouse", "focus": "9",
                "app": "org.gnome.Terminal", "dx": "1.5", "dy": "-2",
            ])
        #expect(tape.csv()[1]["capabilities"] == "pointer")
        #expect(tape.csv()[1]["configuration_known"] == "false")
    }

    @Test("a title's hash, which is what the default rule leaves of titles, has a column")
    func hashes() {
        var tape = Tape()
        tape.add(.focus(FocusDescription(id: 1, state: .window, title: "0123abcd", titleForm: .hash)), at: 1)
        #expect(tape.csv()[1]["title_form"] == "hash" && tape.csv()[1]["title_hash"] == "0123abcd")
    }

    @Test("losses, suppressions and damage are lines; a count that nobody knows is empty")
    func accounts() {
        var tape = Tape()
        tape.add(.loss(Loss(reason: .crash, startMicroseconds: 1, endMicroseconds: 2, count: nil)), at: 1)
        tape.add(
            .suppression(
                Suppression(reason: .rule, phase: .end, startMicroseconds: 3, endMicroseconds: 4, keys: 5, others: 0)),
            at: 2)
        tape.add(Damage(segment: 3, offset: 4096, reason: .badPayload, missing: 10..<20))
        let rows = tape.csv()
        #expect(rows[1]["reason"] == "crash" && rows[1]["count"] == nil)
        #expect(rows[2]["keys"] == "5" && rows[2]["others"] == "0" && rows[2]["phase"] == "end")
        #expect(rows[3]["missing_first"] == "10" && rows[3]["missing_last"] == "19" && rows[3]["sequence"] == nil)
    }

    @Test(
        "a text that begins like a formula gets an apostrophe, which is all that has to be taken off again",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("'quoted'", "''quoted'"),
            ("\t=1", "\\t=1"), ("\r=1", "\\u000d=1"), ("\u{FF1D}1", "'\u{FF1D}1"), ("a=1", "a=1"), ("1-1", "1-1"),
            ("=\"a\"&1", "\"'=\"\"a\"\"&1\""),
        ])
    func formulas(title: String, cell: String) {
        var tape = Tape()
        tape.focus(1, "foot", title: title, at: 1)
        #expect(tape.csv()[1]["title"] == cell)
    }

    @Test("whatever a title contains, a record is one line and its cells are found again")
    func treachery() {
        var tape = Tape()
        tape.focus(1, "a,b", title: TreacherousTextTests.title, at: 1)
        let lines = tape.csvLines()
        #expect(lines.count == 2)
        #expect(lines[1].contains(#","a,b","#))
        #expect(lines[1].contains(#","a\u001b[2Jb\u009b31mc\u202ed\u0007\u2028e\u007f\n""\\","#))
        #expect(lines[1].unicodeScalars.filter(\.isTreacherous).isEmpty)
    }

    private func document(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs").appending(path: name), encoding: .utf8)
    }

    @Test("every column is a field that docs/JSON.md describes", arguments: CSVFormat.columns)
    func described(column: String) throws { #expect(try document("JSON.md").contains("`\(column)`")) }

    @Test("docs/CSV.md lists the columns in their order")
    func listed() throws {
        let rows = try document("CSV.md").split(separator: "\n").drop { $0 != "## Columns" }.filter {
            $0.hasPrefix("|")
        }
        let listed = rows.flatMap { row in
            row.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
                .map { String($0.element) }
        }
        #expect(listed == CSVFormat.columns)
    }
}
