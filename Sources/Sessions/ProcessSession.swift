import Bus

extension Bus {
    private static let login = "org.freedesktop.login1"
    /// logind answers from memory and /proc.
    private static let loginTimeoutMicroseconds: UInt64 = 5_000_000

    /// The id of the session that a process is of, by logind's word: it looks into /proc, which shows a sandboxed service
    /// nobody else's processes. Nil: it is of none.
    public func loginSession(ofProcess process: Int32, reply: @escaping (Result<String?, BusError>) -> Void) {
        call(
            Self.login, path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager",
            member: "GetSessionByPID", arguments: [.uint32(UInt32(bitPattern: process))],
            timeoutMicroseconds: Self.loginTimeoutMicroseconds
        ) { [weak self] answer in
            switch answer {
            case .failure(.remote("org.freedesktop.login1.NoSessionForPID", _, _)): reply(.success(nil))
            case .failure(let error): reply(.failure(error))
            case .success(let message):
                guard let self else { return }
                do throws(BusError) {
                    property(
                        Self.login, path: try message[0, as: String.self],
                        interface: "org.freedesktop.login1.Session", name: "Id", as: String.self,
                        timeoutMicroseconds: Self.loginTimeoutMicroseconds, reply: { reply($0.map { $0 }) })
                } catch {
                    reply(.failure(error))
                }
            }
        }
    }
}
