import Glibc

/// Configuration files as they lie on the disk.
enum SourceFile {
    static let sizeLimit = 1 << 20

    /// The text; nil if it is missing and may be.
    /// A file that others than root and this user can change is refused: it decides what is recorded.
    static func read(_ path: String, mayBeMissing: Bool) throws(ConfigurationError) -> String? {
        // What a symbolic link names may be another file tomorrow, in a directory that others may change.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT, mayBeMissing { return nil }
            if errno == ELOOP {
                throw ConfigurationError(
                    file: path, line: nil, message: "is a symbolic link; put the file there")
            }
            throw ConfigurationError(
                file: path, line: nil, message: "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ConfigurationError(file: path, line: nil, message: "is not a regular file")
        }
        guard status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw ConfigurationError(
                file: path, line: nil,
                message: "may be changed by others than root and this user; chown root and chmod go-w it")
        }
        guard status.st_size <= sizeLimit else {
            throw ConfigurationError(file: path, line: nil, message: "has more than \(sizeLimit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
            guard got > 0 else { break }
            count += got
        }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw ConfigurationError(file: path, line: nil, message: "is not valid UTF-8")
        }
        return text
    }

    /// The names in a directory; none if there is no such directory.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
