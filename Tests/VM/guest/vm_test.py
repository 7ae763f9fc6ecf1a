"""The recorder as installed, in a real session, judged against what the windows themselves were given.

usage: vm_test.py PAYLOAD RESULTS desk|endurance|secrets|browsers|life|rebooted|suspend|{wayfire,hyprland}{,-clients}
"""

import random
import subprocess
import sys
import traceback

import consent
import endurance
import life
import peers
import pointers
import scenarios
from bench import FAST, NATURAL, Bench
from guest import now_us
from report import Report


def at_the_desk(report, payload, results):
    bench = Bench(report, payload, results)
    report.figure("guest: boot to the first recorded key", f"{now_us() / 1e6:.0f} s")
    scenarios.attribution(bench, "natural pace", 100, 500, NATURAL, (0.25, 0.75))
    scenarios.attribution(bench, "fast pace", 100, 2400, FAST, (0.25, 0.65))
    scenarios.killed_on_the_way(bench)
    scenarios.excluded_device(bench)
    pointers.settings_of_pointers(bench)
    scenarios.another_terminal(bench)
    scenarios.latency(bench)
    peers.beside_peers(bench)
    scenarios.fastest_mouse(bench)
    scenarios.whole_run(bench)


def of_the_package(report, payload, results):
    desk = life.Desk(report, payload, results, "life")
    life.upgraded(desk)
    life.read_by_role(desk)
    life.clock_stepped(desk)
    life.diagnosed(desk)
    life.disk_filled(desk)
    life.before_reboot(desk, f"{results}/before-reboot.json")


def after_the_reboot(report, payload, results):
    desk = life.Desk(report, payload, results, "rebooted")
    life.rebooted(desk, f"{results}/before-reboot.json")
    life.removed_and_purged(desk)


def at_length(report, payload, results):
    desk = life.Desk(report, payload, results, "endurance")
    with open(f"{payload}/seconds") as file:
        endurance.endurance(desk, int(file.read()))
    desk.feeder.close()


def of_known_secrets(report, payload, results):
    # They need what the guest of Debian 12 alone has.
    import known_secrets
    import signals

    desk = life.Desk(report, payload, results, "secrets")
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)
    hand = signals.Hand(desk, payload, results)
    if not consent.has_receipt(consent.SUBJECT):
        signals.nothing_without_receipt(hand, "before any was given")
    consent.give(report, desk.recorder)
    desk.wait_until_keys_are_written()
    known_secrets.corpus(desk)
    signals.stops(hand)
    hand.close()
    desk.feeder.close()


def recorded_desk(report, payload, results, name):
    """With somebody at it who has consented."""
    desk = life.Desk(report, payload, results, name)
    subprocess.run(["systemctl", "start", "kymograph.socket", "kymographd.service"], check=True)
    consent.give(report, desk.recorder)
    desk.wait_until_keys_are_written()
    return desk


def of_browsers(report, payload, results):
    import known_secrets

    desk = recorded_desk(report, payload, results, "browsers")
    known_secrets.in_browsers(desk)
    desk.feeder.close()


def asleep(report, payload, results):
    desk = recorded_desk(report, payload, results, "suspend")
    life.suspended(desk)
    desk.feeder.close()


def of_compositor(name):
    def part(report, payload, results):
        import compositors
        import desktops

        bench = Bench(report, payload, results, compositors.BY_PART[name])
        desktops.at(bench, f"{results}/{name}")
        bench.feeder.close()

    return part


def among_real_clients(name):
    def part(report, payload, results):
        import compositors
        import real_clients

        bench = Bench(report, payload, results, compositors.BY_PART[name])
        real_clients.at(bench)
        bench.feeder.close()

    return part


PARTS = {
    "desk": at_the_desk, "endurance": at_length, "secrets": of_known_secrets, "browsers": of_browsers, "life": of_the_package,
    "rebooted": after_the_reboot, "suspend": asleep, **{name: of_compositor(name) for name in ("wayfire", "hyprland")},
    **{f"{name}-clients": among_real_clients(name) for name in ("wayfire", "hyprland")},
}


def main(payload, results, part):
    report = Report()
    random.seed(2)
    try:
        PARTS[part](report, payload, results)
    except Exception:  # whatever it is, the other figures and the guest's logs still count
        traceback.print_exc(file=sys.stdout)
        report.check("the test runs to its end", False)
    return report.end()


sys.exit(main(*sys.argv[1:]))
