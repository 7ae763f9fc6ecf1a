import Devices
import Events
import Journal
import Policy

/// What the recorder writes of itself.
extension Recorder {
    func write(account event: Event) {
        if let permitted = PermittedEvent(account: event) { outlet.write(permitted) }
    }

    func openingRecord(_ now: UInt64) {
        write(account: ClockWatch.pair(.start))
        write(
            account: Event(
                timeMicroseconds: now,
                payload: .recorder(
                    RecorderState(
                        isRunning: true, version: kymographVersion, libinputVersion: InputSource.libinputVersion))))
    }

    /// What a recorder that did not stop by itself has left missing.
    func gapRecords(_ now: UInt64) {
        guard let recovery = journal.recovery else { return }
        let start = recovery.isSameBoot ? recovery.lastMicroseconds : 0
        func loss(_ reason: LossReason, _ detail: String) {
            outlet.write(
                PermittedEvent(
                    loss: Loss(
                        reason: reason, startMicroseconds: min(start, now), endMicroseconds: now, count: nil,
                        detail: detail)))
        }
        loss(.crash, "segment \(recovery.segment)")
        if recovery.tornBytes > 0 { loss(.tornTail, "\(recovery.tornBytes) bytes of segment \(recovery.segment)") }
    }
}
