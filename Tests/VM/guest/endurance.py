"""A mouse at 1 kHz and a typist, for as long as is asked for: memory and descriptors stay flat.

The journal lies on a disk of its own, whose writes the machine logs (Tests/VM/run); what the recorder calls durable is
noted on that disk, and Tests/VM/power_cuts.py makes use of it afterwards.
"""

import mmap
import os
import shutil
import subprocess
import threading
import time

from bench import NATURAL
from guest import JOURNAL
from marks import FILE_SYSTEM_BYTES, MAGIC, MARK

DISK = "/dev/disk/by-id/virtio-journal"
MOUNT = "/mnt/journal"
# So much is given to growth that ends: pages that are touched once, the largest chunk, the longest list of segments.
ALLOWANCE_BYTES = 1 << 20


def use_logged_disk(recorder):
    """Moves the journal there. The segments that were, stay behind: a new journal begins."""
    subprocess.run(["systemctl", "stop", "kymograph.socket", "kymographd.service"], check=True)
    os.makedirs(MOUNT, exist_ok=True)
    subprocess.run(["mount", DISK, MOUNT], check=True)
    os.makedirs(f"{MOUNT}/journal", exist_ok=True)
    shutil.chown(f"{MOUNT}/journal", "kymograph", "kymograph")
    os.chmod(f"{MOUNT}/journal", 0o700)
    os.sync()
    # Inside the unit's own name space the directory is the state directory's still.
    subprocess.run(["mount", "--bind", f"{MOUNT}/journal", JOURNAL], check=True)
    with open("/etc/kymograph/kymograph.toml.d/zz-endurance.toml", "w") as file:
        # A disk so small leaves nobody the room that is kept free by default.
        file.write("[journal]\nkeep_free_megabytes = 0\nretain_megabytes = 24\n")
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)
    recorder.wait_until_recording()


class Marks(threading.Thread):
    """Asks what is durable, and notes it at once, without a flush of its own."""

    def __init__(self, recorder):
        super().__init__(daemon=True)
        self.recorder, self.ended, self.written = recorder, threading.Event(), 0
        # O_DIRECT wants a buffer that begins with a page.
        self.page = mmap.mmap(-1, mmap.PAGESIZE)
        self.disk = os.open(DISK, os.O_RDWR | os.O_DIRECT)
        self.start()

    def run(self):
        last = 0
        while not self.ended.wait(0.05):
            durable = self.recorder.status().get("durable_sequence", 0)
            if durable > last:
                last = durable
                MARK.pack_into(self.page, 0, MAGIC, durable)
                os.pwritev(self.disk, [self.page], FILE_SYSTEM_BYTES)
                self.written += 1

    def close(self):
        self.ended.set()
        self.join()
        os.close(self.disk)


def endurance(desk, seconds):
    report, recorder = desk.report, desk.recorder
    use_logged_disk(recorder)
    desk.wait_until_keys_are_written()
    marks = Marks(recorder)
    samples = []
    begin = time.monotonic()
    pid = recorder.pid()
    before = recorder.status()
    while (elapsed := time.monotonic() - begin) < seconds:
        desk.feeder.ask(f"move {desk.mouse['device']} 1000 8")
        desk.feeder.type(desk.keyboard["device"], 4, *NATURAL)
        # A segment is closed and another begun: renames, syncs of the directory, retention.
        subprocess.run(["systemctl", "kill", "--signal=SIGUSR1", "kymographd.service"], check=True)
        samples.append((elapsed, recorder.status()["memory_bytes"], len(os.listdir(f"/proc/{pid}/fd"))))
    after = recorder.status()
    marks.close()
    warm = [sample for sample in samples if sample[0] >= seconds / 4] or samples
    first, last = (sorted(part)[len(part) // 2] for part in (
        [memory for _, memory, _ in warm[:max(1, len(warm) // 3)]], [memory for _, memory, _ in warm[-max(1, len(warm) // 3):]]))
    descriptors = {count for _, _, count in warm}
    report.figure("endurance: seconds, records", f"{seconds}, {after['events_written'] - before['events_written']}")
    report.figure("endurance: memory at first, last, most (MB)",
                  ", ".join(f"{value / 1e6:.1f}" for value in (first, last, max(memory for _, memory, _ in samples))))
    report.figure("endurance: descriptors", ", ".join(map(str, sorted(descriptors))))
    report.figure("endurance: CPU", f"{(after['cpu_us'] - before['cpu_us']) / 1e4 / seconds:.1f} %")
    report.figure("endurance: marks of what is durable", marks.written)
    report.check("endurance: it is the same process", recorder.pid() == pid)
    report.check("endurance: memory is flat", last <= first + ALLOWANCE_BYTES, samples)
    report.check("endurance: descriptors are flat", max(descriptors) - min(descriptors) <= 2, descriptors)
    report.check("endurance: nothing failed at the disk", after["write_failures"] == 0 and after["events_lost_disk"] == 0, after)
    report.check("endurance: the journal is whole", desk.is_whole())
    report.check("endurance: what is durable was told all along", marks.written > seconds / 4, marks.written)
