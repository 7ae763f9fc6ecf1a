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

import consent
from bench import NATURAL
from guest import JOURNAL
from life import agent_pid
from marks import FILE_SYSTEM_BYTES, MAGIC, MARK

DISK = "/dev/disk/by-id/virtio-journal"
MOUNT = "/mnt/journal"
DECISION = "/etc/kymograph/kymograph.toml.d/zz-endurance.toml"
REST_SECONDS = 15
# So much is given to growth that ends: pages that are touched once, the largest chunk, the longest list of segments.
ALLOWANCE_BYTES = 1 << 20


def use_logged_disk():
    """Moves the journal there. The segments that were, stay behind: a new journal begins."""
    # The first start makes the directory.
    subprocess.run(["systemctl", "start", "kymographd.service"], check=True)
    subprocess.run(["systemctl", "stop", "kymograph.socket", "kymographd.service"], check=True)
    os.makedirs(MOUNT, exist_ok=True)
    subprocess.run(["mount", DISK, MOUNT], check=True)
    os.makedirs(f"{MOUNT}/journal", exist_ok=True)
    shutil.chown(f"{MOUNT}/journal", "kymograph", "kymograph")
    os.chmod(f"{MOUNT}/journal", 0o700)
    os.sync()
    # Inside the unit's own name space the directory is the state directory's still.
    subprocess.run(["mount", "--bind", f"{MOUNT}/journal", JOURNAL], check=True)
    with open(DECISION, "w") as file:
        # A disk so small leaves nobody the room that is kept free by default.
        file.write("[journal]\nkeep_free_megabytes = 0\nretain_megabytes = 24\n")
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)


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


def return_to_own_disk():
    """So that what is tested next finds the journal of before."""
    subprocess.run(["systemctl", "stop", "kymograph.socket", "kymographd.service"], check=True)
    os.unlink(DECISION)
    subprocess.run(["umount", JOURNAL, MOUNT], check=True)
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)


class Process:
    """One of the services, as the kernel sees it."""

    def __init__(self, pid):
        self.pid = pid

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status") as file:
            return 1024 * int(next(line for line in file if line.startswith("VmRSS:")).split()[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def median(values):
    return sorted(values)[len(values) // 2]


def is_flat(report, name, samples, seconds):
    """Of one service: (elapsed, resident bytes, descriptors) each; the first quarter warms up."""
    warm = [sample for sample in samples if sample[0] >= seconds / 4] or samples
    third = max(1, len(warm) // 3)
    first, last = (median([memory for _, memory, _ in part]) for part in (warm[:third], warm[-third:]))
    descriptors = [[count for _, _, count in part] for part in (warm[:third], warm[-third:])]
    report.figure(f"endurance: {name}: RSS at 1 kHz first, last, most (MB)",
                  ", ".join(f"{value / 1e6:.1f}" for value in (first, last, max(memory for _, memory, _ in samples))))
    report.figure(f"endurance: {name}: descriptors at first, last", ", ".join(f"{min(part)} to {max(part)}" for part in descriptors))
    report.check(f"endurance: {name}: memory is flat", last <= first + ALLOWANCE_BYTES, samples)
    # A segment that is being closed, and whoever asks for the status, have some for a moment.
    report.check(f"endurance: {name}: descriptors are flat", max(descriptors[1]) <= max(descriptors[0]) + 1, descriptors)


def endurance(desk, seconds):
    report, recorder = desk.report, desk.recorder
    use_logged_disk()
    consent.give(report, recorder)
    desk.wait_until_keys_are_written()
    services = {"kymographd": Process(recorder.pid()), "kymograph-agent": Process(int(agent_pid()))}
    # What only the start needs leaves memory two seconds after it.
    time.sleep(REST_SECONDS)
    for name, service in services.items():
        report.figure(f"endurance: {name}: RSS at rest (MB)", f"{service.resident_bytes() / 1e6:.1f}")
    marks = Marks(recorder)
    samples = {name: [] for name in services}
    before = recorder.status()
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        desk.feeder.ask(f"move {desk.mouse['device']} 1000 8")
        desk.feeder.type(desk.keyboard["device"], 4, *NATURAL)
        # A segment is closed and another begun: renames, syncs of the directory, retention.
        subprocess.run(["systemctl", "kill", "--signal=SIGUSR1", "kymographd.service"], check=True)
        for name, service in services.items():
            samples[name].append((elapsed, service.resident_bytes(), service.descriptors()))
    after = recorder.status()
    marks.close()
    report.figure("endurance: seconds, records", f"{seconds}, {after['events_written'] - before['events_written']}")
    for name in services:
        is_flat(report, name, samples[name], seconds)
    report.figure("endurance: kymographd: CPU", f"{(after['cpu_us'] - before['cpu_us']) / 1e4 / seconds:.1f} %")
    report.figure("endurance: marks of what is durable", marks.written)
    report.check("endurance: they are the same processes",
                 (recorder.pid(), int(agent_pid())) == tuple(service.pid for service in services.values()))
    failures = after["write_failures"], after["events_lost_disk"]
    report.check("endurance: nothing failed at the disk", failures == (0, 0), failures)
    report.check("endurance: the journal is whole", desk.is_whole())
    report.check("endurance: what is durable was told all along", marks.written > seconds / 4, marks.written)
    return_to_own_disk()
