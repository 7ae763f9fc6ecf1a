import CSystemd
import Glibc

/// Who sits at the seat, as logind says. Messages and environments are never asked.
final class SeatSession {
    private let seat: String
    private var monitor: OpaquePointer?

    init(seat: String) {
        self.seat = seat
        // Without logind there is nothing to watch, and `activeUserID` says so by being nil.
        if sd_login_monitor_new(nil, &monitor) < 0 { monitor = nil }
    }

    deinit { _ = sd_login_monitor_unref(monitor) }

    /// Readable when sessions, seats or users change; nil without logind.
    var descriptor: Int32? {
        guard let monitor else { return nil }
        let descriptor = sd_login_monitor_get_fd(monitor)
        return descriptor >= 0 ? descriptor : nil
    }

    func acknowledge() { _ = sd_login_monitor_flush(monitor) }

    /// The user of the seat's active session; nil if there is none, or no logind to ask.
    var activeUserID: uid_t? {
        var user: uid_t = 0
        return sd_seat_get_active(seat, nil, &user) >= 0 ? user : nil
    }
}
