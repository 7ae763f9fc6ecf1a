"""How late toolkits are: the figures from which the agent's waiting was chosen (Sources/Fields/FieldWatch.swift), and what
accessibility costs an app that has it because we switch it on. KYMO_TURNS: keys for each toolkit; KYMO_LOAD: so many
processes run beside them.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time

import prompts
import pytest
from session import HERE, REPOSITORY, Sway, until

sys.path.insert(0, str(REPOSITORY / "Tests" / "Testbed"))
from reports import Listener, measure, percentile  # noqa: E402

TURNS, LOAD = int(os.environ.get("KYMO_TURNS", "20")), int(os.environ.get("KYMO_LOAD", "0"))
# What is waited for an app that hands keys on to another process, ms.
RELAYED_MS = 150


@pytest.mark.parametrize("kind, toolkit", [
    (prompts.GTK3, "gtk"), (prompts.GTK4, "GTK"), (prompts.Qt, "Qt"), (prompts.Firefox, "Gecko"),
    (prompts.ChromiumAccessible, "Chromium"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_how_long_behind_a_key_an_app_says_that_its_focus_has_moved(start, kind, toolkit):
    sway = start(Sway)
    sway.bus()
    delays, answers, name = measure(sway, kind(sway, "org.example.Measured"), TURNS, LOAD)
    assert name == toolkit, "by this name the agent knows it"
    told = [delay / 1000 for delay in delays if delay is not None]
    print(f"\n{toolkit}: of {TURNS} keys {len(told)} were reported, p50 {percentile(told, 0.5):.1f} ms, p90 "
          f"{percentile(told, 0.9):.1f}, max {max(told):.1f}; answer p50 {percentile(answers, 0.5) / 1000:.1f} ms, p99 "
          f"{percentile(answers, 0.99) / 1000:.1f}; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    assert len(told) >= TURNS * 0.9
    assert percentile(told, 0.5) < RELAYED_MS, "what is waited for an app is no guess"


def start_up(desk, kind, number, is_enabled):
    """Of one start: seconds until its first field has the keyboard, and KiB of its own then."""
    value = "true" if is_enabled else "false"
    subprocess.run(
        desk.as_user(["gdbus", "call", "--session", "--dest", "org.a11y.Bus", "--object-path", "/org/a11y/bus", "--method",
                      "org.freedesktop.DBus.Properties.Set", "org.a11y.Status", "IsEnabled", f"<{value}>"]),
        env=desk.environment, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    shutil.copy(HERE / "forms.py", desk.programs)
    form = kind(desk, f"org.example.Start{number}")
    began = time.monotonic()
    form.start()
    seconds = time.monotonic() - began
    # As much as it maps for itself alone, once it has drawn.
    until(lambda: form.lines(), "it is there")
    with open(f"/proc/{form.program.pid}/smaps_rollup") as file:
        kibibytes = sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
    form.close()
    return seconds, kibibytes


@pytest.mark.parametrize("kind", [prompts.GTK4, prompts.Qt], ids=lambda kind: kind.__name__)
def test_what_accessibility_costs_an_app(start, kind):
    """In pairs, one with and one without, in turn."""
    desk = start(Sway)
    desk.bus()
    # Somebody listens, as the agent does.
    Listener(desk)
    # What is read from the disk for the first time is no app's cost.
    start_up(desk, kind, "first", True)
    pairs = [(start_up(desk, kind, f"{number}off", False), start_up(desk, kind, f"{number}on", True))
             for number in range(int(os.environ.get("KYMO_PAIRS", "5")))]  # fmt: skip
    later = statistics.median(on[0] - off[0] for off, on in pairs) * 1000
    more = statistics.median(on[1] - off[1] for off, on in pairs)
    off_ms = statistics.median(off[0] for off, _ in pairs) * 1000
    off_kib = statistics.median(off[1] for off, _ in pairs)
    print(f"\n{kind.__name__}: accessibility off: there after {off_ms:.0f} ms, {off_kib:.0f} KiB; on: {later:+.0f} ms, "
          f"{more:+.0f} KiB (medians of {len(pairs)} pairs)")
    assert abs(more) < 65_536 and abs(later) < 10_000, "a cost that nobody would bear"
