"""What the figures were taken on."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return (done.stdout + done.stderr).splitlines()[0].strip() if done.stdout + done.stderr else ""


def package(name: str) -> str:
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
    return done.stdout or "not installed"


def load() -> str:
    """How busy the machine was over the last quarter of an hour: what else ran shows in every figure."""
    one, five, fifteen = os.getloadavg()
    return (f"Taken {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC; load of the machine at the end, over 1, 5 and 15 minutes: "
            f"{one:.1f}, {five:.1f}, {fifteen:.1f} ({os.cpu_count()} processors).")


def description() -> str:
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    virtual = first_line("systemd-detect-virt")
    swift = re.search(r"Swift version (\S+)", first_line("swift", "--version"))
    versions = {
        "libinput": package("libinput10"), "liblz4": package("liblz4-1"), "evtest": package("evtest"),
        "libinput-tools": package("libinput-tools"), "python3-evdev": package("python3-evdev"),
        "umockdev": package("umockdev"), "valgrind": package("valgrind"),
    }
    lines = [
        f"- {os.cpu_count()} × {cpu[1] if cpu else platform.machine()}, {int(memory[1]) / 1048576:.0f} GiB"
        + (f", a virtual machine ({virtual})" if virtual and virtual != "none" else ""),
        f"- {release['PRETTY_NAME'].strip(chr(34))}, Linux {platform.release()}, Swift {swift[1] if swift else '?'}",
        "- " + ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]
    return "\n".join(lines)
