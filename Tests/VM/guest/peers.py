"""CPU time of the recorder beside programs that only write down events, for the same mouse at the same time."""

import os
import subprocess
import tempfile
from pathlib import Path

from guest import open_files, wait_for

PEERS = {"libinput record": ["/usr/libexec/libinput/libinput-record"], "evtest": ["evtest"]}
RATES = (1000, 4000)
SECONDS = 5


def cpu_us(pid):
    """Of all threads; the scheduler's own nanoseconds, since /proc/PID/stat counts ticks."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000


def beside_peers(bench):
    """The guest's processor is emulated: the ratio counts, not the microseconds."""
    node = f"/dev/input/{bench.mouse['sysname']}"
    for rate in RATES:
        for name, command in PEERS.items():
            with tempfile.TemporaryFile() as file:
                peer = subprocess.Popen([*command, node], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)
                try:
                    wait_for(f"{name} to open {node}", lambda peer=peer: node in open_files(peer.pid))
                    pids = (bench.recorder.pid(), peer.pid)
                    before = [cpu_us(pid) for pid in pids]
                    done = bench.feeder.ask(f"move {bench.mouse['device']} {rate} {SECONDS}")
                    bench.settle(done["last_us"])
                    ours, theirs = ((cpu_us(pid) - start) / done["sent"] for pid, start in zip(pids, before))
                finally:
                    peer.terminate()
                    peer.wait(30)
                written = os.fstat(file.fileno()).st_size
            bench.report.check(f"{name} wrote down the mouse at {rate} Hz", written > done["sent"] * 20, written)
            bench.report.figure(f"mouse at {rate} Hz: CPU per report, kymographd / {name}",
                                f"{ours:.1f} µs / {theirs:.1f} µs = {ours / theirs:.2f}")
