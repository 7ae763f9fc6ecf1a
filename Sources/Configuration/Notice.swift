/// The text that people are shown before they consent, word by word.
enum Notice {
    /// A receipt holds all of it.
    static let sizeLimit = 64 << 10

    /// Nil if there is none.
    static func read(_ path: String) throws(ConfigurationError) -> String? {
        guard let text = try SourceFile.read(path, mayBeMissing: true) else { return nil }
        guard text.utf8.count <= sizeLimit else {
            throw ConfigurationError(
                file: path, line: nil, message: "has more than \(sizeLimit) bytes, which nobody would read")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw ConfigurationError(file: path, line: nil, message: "is empty: there is nothing to consent to")
        }
        return text
    }
}
