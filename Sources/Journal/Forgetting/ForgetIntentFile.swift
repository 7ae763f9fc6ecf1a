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
    static func load(in directory: FilePath) throws(JournalError) -> ForgetIntent {
        let path = directory.appending(fileName)
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return ForgetIntent(requests: []) }
            throw .system(what: "read", path: path.string, errno: Errno(rawValue: errno))
        }
        let window = FileWindow(descriptor: descriptor)
        let length = window.fileLength
        guard length <= byteLimit, let bytes = window.bytes(at: 0, count: Int(length)), let intent = ForgetIntent(bytes)
        else { throw .unreadableIntent(path: path.string) }
        return intent
    }
}
