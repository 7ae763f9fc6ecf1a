import AgentProtocol
import Consent
import Glibc
import Policy

extension RecordingState {
    /// What the indicator is to show for a verdict. While it is itself all that is missing, it is to show what will be
    /// true as soon as it is shown.
    init(_ verdict: Permission.Verdict, pause: Pause?) {
        switch verdict {
        case .open: self.init(phase: .recording, text: "")
        case .closed(.noIndicator): self.init(phase: .recording, text: "")
        case .closed(.paused): self.init(phase: .paused, text: pause?.endText ?? "")
        case .closed(let closure): self.init(phase: .off, text: "\(closure)")
        }
    }
}

extension Pause {
    /// `until 14:05`, `until 2026-11-26 14:05`, by the clock on the wall; empty: until resumed.
    fileprivate var endText: String {
        guard endRealtimeMicroseconds > 0 else { return "" }
        var now = time(nil)
        // Rounded up: a pause is not over before the minute that was named.
        var end = time_t(clamping: (endRealtimeMicroseconds + 59_999_999) / 1_000_000)
        var (today, then) = (tm(), tm())
        localtime_r(&now, &today)
        localtime_r(&end, &then)
        let isToday = today.tm_year == then.tm_year && today.tm_yday == then.tm_yday
        var text = [CChar](repeating: 0, count: 64)
        let length = strftime(&text, text.count, isToday ? "until %H:%M" : "until %Y-%m-%d %H:%M", &then)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
