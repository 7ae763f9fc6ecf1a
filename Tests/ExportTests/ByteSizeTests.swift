import Export
import Testing

@Suite("Sizes as people write them")
struct ByteSizeTests {
    @Test(
        "are understood",
        arguments: [
            ("0", 0), ("800000", 800_000), ("12B", 12), ("1K", 1024), ("512M", 512 << 20), ("2G", 2 << 30),
            ("2g", 2 << 30),
            ("1.5GiB", 3 << 29), ("1T", 1 << 40), ("18446744073709551615", nil), ("0.1K", 102),
        ] as [(String, UInt64?)])
    func understood(text: String, bytes: UInt64?) { #expect(ByteSize.parse(text) == bytes) }

    @Test("are refused", arguments: ["", "G", "B", "-1", "1 G", "1P", "1.2.3", ".5G", "1e3", "0x10", "٣", "99999999T"])
    func refused(text: String) { #expect(ByteSize.parse(text) == nil) }

    @Test(
        "are said shortly",
        arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (5_452_596, "5.2 MiB"), (10 << 30, "10 GiB")]
            as [(UInt64, String)])
    func said(bytes: UInt64, text: String) { #expect(ByteSize.text(bytes) == text) }
}
