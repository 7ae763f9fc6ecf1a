"""What happens at the desk, and what must be in the journal afterwards."""

import json
import os
import random
import subprocess
import time

import judge
from bench import APPS, FAST, KEYBOARD, NATURAL, TOKEN
from guest import JOURNAL, InBackground, Tail, now_us, output_of, switch_to_terminal, wait_for


def move_focus_while_typing(bench, moves, keystrokes, pace, pauses):
    """Types so much; on a slow machine, where the moves take longer than that, so much again."""
    start = now_us()
    sent, typing = 0, InBackground(bench.type, keystrokes, pace)
    for move in range(moves):
        if not typing.is_alive():
            sent += typing.wait()["sent"]
            typing = InBackground(bench.type, keystrokes, pace)
        bench.compositor.focus(APPS[move % 2])
        time.sleep(random.uniform(*pauses))
    done = typing.wait()
    bench.settle(max(done["last_us"], now_us()))
    return start, sent + done["sent"]


def attribution(bench, name, moves, keystrokes, pace, pauses):
    start, sent = move_focus_while_typing(bench, moves, keystrokes, pace, pauses)
    inside = [r for r in bench.recorder.records("--kind", "key,focus") if r["time_us"] >= start]
    keys = judge.of_kind(inside, "key")
    found = judge.attribution(keys, judge.GroundTruth(bench.client_logs()))
    uncertainties = [r["uncertainty_us"] for r in judge.of_kind(inside, "focus")]
    changes = judge.of_kind(inside, "focus")
    bench.report.figure(f"{name}: key events sent", sent)
    bench.report.figure(f"{name}: key events recorded", len(keys))
    bench.report.figure(f"{name}: focus records", len(changes))
    bench.report.figure(f"{name}: attributed rightly, of those judged", f"{found.right} of {found.certain - found.unjudged}")
    bench.report.figure(f"{name}: given to no window", found.unjudged)
    share = 100 * found.uncertain / max(len(keys), 1)
    bench.report.figure(
        f"{name}: inside the uncertainty", f"{found.uncertain} ({share:.1f} %), {found.uncertain_wrong} of them met the other window")
    p50, p99 = (judge.percentile(uncertainties, p) for p in (50, 99))
    bench.report.figure(f"{name}: uncertainty of a change p50, p99", f"{p50} µs, {p99} µs")
    # A change that is taken back before the agent has run again is none.
    bench.report.check(f"{name}: changes of focus are recorded", len(changes) >= moves * 0.9, f"{len(changes)} of {moves}")
    bench.report.check(
        f"{name}: 100 % of keys outside the uncertainty go to the app that received them",
        found.right > 0 and not found.wrong, f"{len(found.wrong)} wrong, first {found.wrong[:3]}")
    bench.report.check(f"{name}: most keys can be judged", found.right > len(keys) / 2, found)


def killed_on_the_way(bench):
    recorder = bench.recorder
    old = recorder.pid()
    typing = InBackground(bench.type, 800, FAST)
    start = now_us()
    wait_for("keys of this typing in the journal", lambda: any(
        r["time_us"] > start for r in recorder.records("--kind", "key")))
    before = recorder.lines()
    bench.report.check("killed: in the middle of typing", typing.is_alive())
    os.kill(old, 9)
    wait_for("systemd to restart the recorder", lambda: recorder.pid() not in (0, old))
    recorder.wait_until_recording()
    typing.wait()
    bench.wait_until_keys_are_written()
    after = recorder.lines()
    missing = set(before) - set(after)
    bench.report.figure("killed: records listed before, and gone after", f"{len(before)}, {len(missing)}")
    bench.report.check("killed: nothing that was listed is lost", before and not missing, sorted(missing)[:2])
    crashes = judge.spans(map(json.loads, after), "loss", {"crash"})
    bench.report.check("killed: one loss record with reason crash and count null",
                       len(crashes) == 1 and crashes[0][2]["count"] is None, crashes)
    if crashes:
        begin, end, _ = crashes[0]
        last = max(r["time_us"] for r in map(json.loads, before))
        bench.report.check("killed: the gap begins no earlier than what was written", begin >= last, (begin, last))
        bench.report.figure("killed: recorded gap", f"{(end - begin) / 1000:.0f} ms")


def excluded_device(bench):
    token = bench.feeder.create("keyboard", TOKEN, vendor="1050")
    node = f"/dev/input/{token['sysname']}"
    wait_for("the compositor to take the token", lambda: TOKEN in bench.compositor.keyboards())
    properties = output_of("udevadm", "info", "--query=property", f"--name={node}").splitlines()
    bench.report.check("token: udev says KYMOGRAPH_IGNORE=1", "KYMOGRAPH_IGNORE=1" in properties, properties)
    done = bench.feeder.type(token["device"], 40, *NATURAL)
    bench.settle(done["last_us"])
    nodes = bench.recorder.open_nodes()
    bench.report.check("token: its node is not open", nodes and node not in nodes, nodes)
    received = sum(line["what"] == "key" and line["time_us"] // 1000 >= done["first_us"] // 1000
                   for lines in bench.client_logs().values() for line in lines)
    bench.report.check("token: its keys do reach a window", received == done["sent"], f"{received} of {done['sent']}")
    seen = [r for r in bench.recorder.records() if TOKEN in (r.get("device_name"), r.get("name"))
            or r["kind"] in ("key", "suppression") and r["time_us"] >= done["first_us"]]
    bench.report.check("token: nothing of it is recorded", not seen, seen[:2])
    bench.feeder.ask(f"destroy {token['device']}")


def latency(bench):
    tail = Tail()
    # A slow machine takes seconds to start it, and it shows nothing of before.
    wait_for("tail to follow", lambda: bench.type(1, FAST) and tail.has_line(), 60)
    done = bench.type(80, NATURAL)
    bench.settle(done["last_us"])
    lines = tail.close()
    delays = [receipt - record["time_us"] for receipt, record in lines
              if record["kind"] == "key" and record["time_us"] >= done["first_us"]]
    written = sum(done["first_us"] <= record["time_us"] <= done["last_us"]
                  for record in judge.of_kind(bench.recorder.records("--kind", "key"), "key"))
    bench.report.check("latency: tail -f shows the keys", len(delays) >= written > 0, f"{len(delays)} of {written}")
    if delays:
        p50, p99 = (judge.percentile(delays, p) // 1000 for p in (50, 99))
        bench.report.figure("event to line in tail -f p50, p99", f"{p50} ms, {p99} ms")


def fastest_mouse(bench):
    """Faster and faster until reports are lost, and at last as fast as the kernel takes them."""

    def losses():
        return judge.spans(bench.recorder.records("--kind", "loss"), "loss",
                           {"kernel_buffer", "ring_full", "hold_back_full"})

    def account(done):
        inside = [r for r in bench.recorder.records("--kind", "motion")
                  if done["first_us"] <= r["time_us"] <= done["last_us"]]
        return judge.account_of_motion(done["sent"], done["first_us"], inside, losses())

    def move(rate):
        done = bench.feeder.ask(f"move {bench.mouse['device']} {rate} 3")
        bench.settle(done["last_us"])
        found = account(done)
        speed = done["sent"] * 1e6 / (done["last_us"] - done["first_us"])
        name = f"mouse at {speed:.0f} Hz" + ("" if rate else ", unthrottled")
        bench.report.figure(f"{name}: sent, recorded, missing", f"{done['sent']}, {found.recorded}, {found.missing}")
        # A flood's span stays open until 30 s of quiet have passed.
        deadline = time.monotonic() + 60
        while found.unexplained and time.monotonic() < deadline:
            time.sleep(5)
            found = account(done)
        bench.report.check(f"{name}: sent = recorded, or all that is missing lies inside loss records",
                           found.recorded > 0 and found.missing >= 0 and found.unexplained == 0, found)
        bench.report.check(f"{name}: reports are in order", found.out_of_order == 0, found)
        return speed, found.missing

    sustained = 0
    for rate in (250, 500, 1000, 2000, 4000, 8000):
        speed, missing = move(rate)
        if missing:
            break
        sustained = speed
    bench.report.figure("mouse: highest rate without loss", f"{sustained:.0f} Hz")
    move(0)
    found = losses()
    bench.report.figure("mouse: loss records (ms)", ", ".join(
        f"{r['reason']} {(end - start) / 1000:.0f}" for start, end, r in found) or "none")
    unknown = [r["count"] for _, _, r in found if r["reason"] == "kernel_buffer"]
    bench.report.check("mouse: the kernel's losses have no count", all(c is None for c in unknown), unknown)


def another_terminal(bench):
    """The seat's active session is no longer the subject's: logind says so, and nothing else is asked."""
    switch_to_terminal(2)
    wait_for("the session to be inactive", lambda: bench.recorder.status().get("recording") is False)
    done = bench.type(20, FAST)
    bench.report.check("another terminal: no device is open", bench.recorder.open_nodes() == [],
                       bench.recorder.open_nodes())
    switch_to_terminal(1)
    bench.recorder.wait_until_recording()
    bench.wait_until_keys_are_written()
    seen = [r for r in judge.of_kind(bench.recorder.records(), "key", "key_counts")
            if done["first_us"] <= r["time_us"] <= done["last_us"]]
    bench.report.check("another terminal: no key of it is recorded", not seen, seen[:2])


def whole_run(bench):
    """After a clean stop: every key of the whole run, and the files."""
    bench.feeder.close()
    status = bench.recorder.status()
    bench.report.figure("recorder: peak memory", f"{status['resident_bytes'] / 1e6:.1f} MB")
    bench.report.figure("recorder: CPU time", f"{status['cpu_us'] / 1e6:.1f} s")
    # With the socket, or the agent that finds its connection gone starts the recorder again.
    subprocess.run(["systemctl", "stop", "kymograph.socket", "kymographd.service"], check=True)
    records = bench.recorder.records()
    with open(f"{bench.results}/journal.json", "w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    sent = [key for key in bench.feeder.keys() if key["sysname"] == bench.keyboard["sysname"]]
    keys = judge.of_kind(records, "key")
    found = judge.account_of_keys(sent, keys, judge.counted_spans(records), judge.spans(records, "loss"),
                                  judge.closed_spans(records), judge.secret_spans(records))
    bench.report.figure("whole run: presses sent = recorded + suppressed + perhaps secret + lost + while closed",
                        f"{found.sent} = {found.recorded} + {found.suppressed} + {found.secret} + {found.lost} + "
                        f"{found.closed}")
    bench.report.check("whole run: every press is recorded or accounted for", not found.missing, found.missing[:5])
    bench.report.check("whole run: no press is recorded twice", not found.twice, found.twice[:5])
    bench.report.check("whole run: no press is made up", not found.unsent, found.unsent[:5])
    counted = sum(r["keys"] for _, _, r in judge.counted_spans(records))
    reasons = sorted({r["reason"] for _, _, r in judge.counted_spans(records)})
    bench.report.figure("whole run: suppressed presses as the recorder counts them", f"{counted} {reasons}")
    bench.report.check("whole run: the recorder's own count of suppressed presses is right",
                       found.suppressed <= counted <= found.suppressed + found.lost, (counted, found.suppressed))
    total = judge.attribution(keys, judge.GroundTruth(bench.client_logs()))
    bench.report.figure("whole run: attributed rightly, of those judged",
                        f"{total.right} of {total.certain - total.unjudged}")
    bench.report.check("whole run: 100 % outside the uncertainty", total.right > 0 and not total.wrong, total.wrong[:3])
    bench.report.check("whole run: keys were typed in the crash's gap", found.lost > 0, found.lost)
    bench.report.check("whole run: keys were typed while closed, and told apart", found.closed > 0, found.closed)
    stops = [r for r in judge.of_kind(records, "recorder") if not r["running"]]
    bench.report.check("whole run: the stop is on record", len(stops) == 1 and records[-1] == stops[0], records[-1])
    files(bench.report)


def files(report):
    names = sorted(os.listdir(JOURNAL))
    segments = [name for name in names if name.endswith(".lz4")]
    report.figure("files: segments", len(segments))
    refused = [name for name in segments
               if subprocess.run(["lz4", "-t", "-q", f"{JOURNAL}/{name}"], capture_output=True).returncode != 0]
    report.check("files: lz4 -t accepts every segment", segments and not refused, refused or names)
    verify = subprocess.run(["kymo", "verify"], capture_output=True, text=True)
    print(verify.stdout + verify.stderr, end="")
    report.check("files: kymo verify is content", verify.returncode == 0, verify.returncode)
