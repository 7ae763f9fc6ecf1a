import Glibc
import SystemPackage

extension ForgetIntent {
    /// Makes the file durable; without requests: takes it away.
    func save(in directory: FilePath, files: any FileOperations) throws(Errno) {
        let path = directory.appending(Self.fileName)
        let newPath = directory.appending(Self.newFileName)
        if requests.isEmpty {
            if access(path.string, F_OK) == 0 { try files.unlink(path) }
        } else {
            if access(newPath.string, F_OK) == 0 { try files.unlink(newPath) }
            let descriptor = try files.create(newPath)
            defer { files.close(descriptor) }
            var buffer = ByteBuffer(capacity: 512)
            defer { buffer.deallocate() }
            write(to: &buffer)
            try files.writeAll(descriptor, buffer.bytes)
            try files.sync(descriptor)
            try files.rename(newPath, to: path)
        }
        try files.syncDirectory(directory)
    }

    /// What was not carried out; nothing if there is no file.
    static func load(in directory: FilePath, files: any FileOperations) throws(JournalError) -> ForgetIntent {
        let path = directory.appending(fileName)
        let window: FileWindow
        do throws(Errno) {
            window = FileWindow(descriptor: try files.openForReading(path), files: files)
        } catch {
            if error == .noSuchFileOrDirectory { return ForgetIntent(requests: []) }
            throw .system(what: "read", path: path.string, errno: error)
        }
        let length = window.fileLength
        let bytes = length <= byteLimit ? window.bytes(at: 0, count: Int(length)) : nil
        if let failure = window.failure { throw JournalError(reading: path, failure) }
        guard let intent = bytes.flatMap(ForgetIntent.init) else { throw .unreadableIntent(path: path.string) }
        return intent
    }
}
