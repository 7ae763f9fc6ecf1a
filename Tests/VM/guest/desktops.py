"""A desk whose compositor is not sway: what the recorder makes of it, by its own word and that of the clients."""

import subprocess
import time
from pathlib import Path

import judge
import scenarios
from bench import APPS, FAST, NATURAL
from consent import PASSWORD
from guest import now_us, wait_for
from keys import CHARACTERS, CODES
from session import Desk

MOVES, KEYSTROKES = 200, 1000
# What is typed to see where it goes.
TYPED = 20


class Desktop:
    """The desk and what the recorder has written of it since a moment."""

    def __init__(self, bench, runtime):
        self.bench, self.report, self.recorder, self.compositor = bench, bench.report, bench.recorder, bench.compositor
        self.name = bench.compositor.name
        self.desk = Desk(bench.compositor, runtime)

    def check(self, text, holds, detail=""):
        self.report.check(f"{self.name}: {text}", holds, detail)

    def rows(self, kind, since_us):
        return [row for row in judge.of_kind(self.recorder.records("--kind", kind), kind) if row["time_us"] >= since_us]

    def until_told(self, what, state, app=None):
        """The last change of focus in the journal."""

        def told():
            last = judge.of_kind(self.recorder.records("--kind", "focus"), "focus")[-1]
            return last["state"] == state and (app is None or last.get("app") == app)

        wait_for(what, told)

    def typed(self):
        """Types; as which apps' keys it is recorded, and how many of the keys the windows were given."""
        done = self.bench.type(TYPED, NATURAL)
        self.bench.settle(done["last_us"])
        recorded = [row.get("app") for row in self.rows("key", done["first_us"]) if row["time_us"] <= done["last_us"]]
        span = range(done["first_us"] // 1000, done["last_us"] // 1000 + 1)
        given = sum(line["what"] == "key" and line["press"] == "pressed"
                    and line["time_us"] // 1000 in span
                    for lines in self.bench.client_logs().values() for line in lines)
        return recorded, given

    def nothing_of_it(self, what):
        recorded, given = self.typed()
        self.check(f"{what}: no window is given a key", given == 0, given)
        self.check(f"{what}: and none is recorded", recorded == [], recorded)

    def back_at(self, app):
        def has_focus():
            # Refused while a launcher or the lock is still there.
            self.compositor.focus(app)
            return self.compositor.windows()[app]

        wait_for(f"{app} to have the focus", has_focus)
        self.until_told(f"the focus to be at {app} again", "window", app)
        recorded, given = self.typed()
        self.check(f"{app} has the keys again", set(recorded) == {app} and given == TYPED, (recorded, given))


def at(bench, runtime):
    desktop = Desktop(bench, runtime)
    bench.report.figure(f"{desktop.name}: version", bench.compositor.version())
    bench.report.figure(f"{desktop.name}: boot to the first recorded key", f"{now_us() / 1e6:.0f} s")
    keys_go_where_the_focus_is(desktop)
    what_it_tells(desktop)
    no_window(desktop)
    a_launcher(desktop)
    locked(desktop)
    ends_and_comes_again(desktop)


def keys_go_where_the_focus_is(desktop):
    scenarios.attribution(desktop.bench, desktop.name, MOVES, KEYSTROKES, NATURAL, (0.5, 1.0))


def what_it_tells(desktop):
    """Beside the focus."""
    status = desktop.recorder.status()
    desktop.check("the focus is from its windows' protocol", status["agent_backend"] == "wlr-foreign-toplevel", status)
    outputs = {(row["name"], row["width"], row["height"], row["mode_width"], row["mode_height"], row["scale"])
               for row in desktop.rows("output", 0)}
    with open("/sys/class/drm/card0-Virtual-1/modes") as modes:
        size = [int(length) for length in modes.readline().split("x")]
    desktop.check("its output is told, as the kernel has it", outputs == {("Virtual-1", *size, *size, 1)}, outputs)
    windows = [row for row in desktop.rows("focus", 0) if row["state"] == "window"]
    places = {row.get("output") for row in windows[len(APPS):]}
    desktop.check("a window is told with its output", places == {"Virtual-1"}, places)
    titles = {(row["app"], row.get("title")) for row in windows}
    desktop.check("and with its title", titles == {(app, f"Window {app}") for app in APPS}, titles)
    layout = desktop.rows("layout", 0)[-1]
    desktop.check("the only layout is known", (layout["known"], layout["name"]) == (True, "English (US)"), layout)
    # The process follows its window.
    processes = {row["app"]: row.get("pid") for row in windows}
    desktop.check("and with its process", processes == desktop.compositor.processes(), processes)
    if desktop.compositor.tells_layouts:
        layouts(desktop)


def layouts(desktop):
    for number, name in ((1, "German"), (0, "English (US)")):
        desktop.compositor.use_layout("us,de", number)

        def is_in_force(name=name):
            layout = desktop.rows("layout", 0)[-1]
            return layout["known"] and layout["name"] == name

        wait_for(f"{name} to be the layout", is_in_force)
        desktop.check(f"{name} is told when it is chosen of two", is_in_force())


def no_window(desktop):
    desktop.compositor.go_to_workspace(2)
    desktop.until_told("no window to have the focus", "none")
    desktop.nothing_of_it("an empty workspace")
    desktop.compositor.go_to_workspace(1)
    desktop.back_at(APPS[0])


def a_launcher(desktop):
    display = f"/run/user/{desktop.desk.account.pw_uid}/wayland-1"
    # It ends with what it reads.
    command = f"sleep 1000 | python3 -B {Path(__file__).with_name('launcher.py')} {display}"
    desktop.desk.run(["sh", "-c", command], "launcher")
    wait_for("the launcher to be shown", lambda: "done" in (desktop.desk.runtime / "launcher.log").read_text())
    # The window below stays activated; that a client came is all that tells, and the agent looks when a key does.
    desktop.nothing_of_it("a launcher")
    subprocess.run(["pkill", "-f", "launcher.py"], check=True)
    desktop.back_at(APPS[1])


def locked(desktop):
    is_locked = desktop.desk.runtime / "is-locked"
    is_locked.parent.chmod(0o777)
    # It detaches when the screen is locked.
    desktop.desk.run(["sh", "-c", f"swaylock --daemonize --color 000000 && echo >{is_locked}"], "swaylock")
    wait_for("the screen to be locked", is_locked.exists)
    if desktop.compositor.tells_of_locks:
        desktop.until_told("the lock to take the focus", "none")
    # Elsewhere the locker is a client that came, like a launcher.
    desktop.nothing_of_it("locked")
    wait_for("the password to unlock it", lambda: is_unlocked(desktop.bench), 180)
    desktop.back_at(APPS[0])


def is_unlocked(bench):
    """Types the password. The first one may be lost: some letters with Control are Enter to swaylock, and then it judges."""
    codes = [CODES["esc"], *(CHARACTERS[character][0] for character in PASSWORD), CODES["enter"]]
    limits = " ".join(str(limit) for pair in NATURAL for limit in pair)
    bench.feeder.ask(f"keys {bench.keyboard['device']} {limits} {' '.join(map(str, codes))}")
    end = now_us() + 10_000_000
    while now_us() < end:
        if subprocess.run(["pgrep", "-x", "swaylock"], capture_output=True).returncode == 1:
            return True
        time.sleep(0.2)
    return False


def ends_and_comes_again(desktop):
    bench, compositor = desktop.bench, desktop.compositor
    subprocess.run(["systemctl", "kill", "--signal=KILL", "test-session.service"], check=True)
    wait_for("the recorder to stop", lambda: desktop.recorder.status().get("recording") is False)
    done = bench.type(TYPED, FAST)
    subprocess.run(["systemctl", "restart", "test-session.service"], check=True)
    bench.sit_down(type(compositor))
    desktop.compositor = bench.compositor
    bench.wait_until_recorded()
    seen = [row for row in desktop.rows("key", done["first_us"]) if row["time_us"] <= done["last_us"]]
    desktop.check("it ends: nothing is recorded until it is there again", seen == [], seen[:2])
    desktop.back_at(APPS[0])
