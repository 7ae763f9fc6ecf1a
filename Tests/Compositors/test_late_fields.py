"""Apps that say later than the next key that a password's field has their focus: a secret's keys, from the device to the
journal, under a rule that keeps every key."""

import os
import signal
import sys
import time
from pathlib import Path

import prompts
import pytest
from session import REPOSITORY, Sway, until

sys.path.insert(0, str(REPOSITORY / "Tests" / "Testbed"))
from corpus import until_decided  # noqa: E402
from typist import Typist  # noqa: E402

TEXT, PASSWORD = 61, 40
ORDINARY, SECRET = "thequickfoxjumps", "m4xk7vz2qp9w"
APP = "org.example.Late"


@pytest.fixture
def bed():
    from bed import Bed

    made = Bed()
    yield made
    made.close()


@pytest.fixture
def recorder(bed):
    from bed import Recorder

    made = Recorder(bed, rules={APP: "full"})
    yield made
    made.close()
    made.discard()


class Form:
    """A window with a field, and with a password's field behind Tab."""

    def __init__(self, desk, recorder, device, toolkit):
        self.recorder, self.desk = recorder, desk
        self.typist = Typist(device, desk.display)
        self.log, self.client = desk.keylog_client(APP, TEXT, toolkit=toolkit)
        desk.agent(recorder.agent_socket)
        until(lambda: recorder.status()["devices"] == 1, "the indicator is seen, and the keyboard open")
        # An app that was there before the agent is searched for its focus when a key makes it matter.
        until(self.is_recorded, "something typed into the field is recorded", 30)

    def is_recorded(self):
        self.typist.write("z")
        return self.recorder.status()["events_permitted"] + self.recorder.status()["keys_counted"] > 0

    def order(self, line):
        self.client.process.stdin.write(f"{line}\n".encode())
        self.client.process.stdin.flush()

    def is_told(self):
        return f'"role":{PASSWORD}' in self.log.read_text()

    def counts_nothing_of(self, secret):
        """But of what was typed before."""
        until_decided(secret)
        keys, buckets = self.finish(secret[1])
        assert keys == [], "no identity of such an app is ever kept"
        assert sum(row.get("letter", 0) for row in buckets) > 0, "its keys are counted"
        assert counted(secret, buckets) == 0

    def finish(self, last):
        """The keys and the buckets of keys in the journal."""
        self.recorder.until_written(last)
        self.recorder.stop()
        rows = self.recorder.rows("key", "key_counts")
        return ([row for row in rows if row["kind"] == "key" and row["press"] == "pressed"],
                [row for row in rows if row["kind"] == "key_counts"])  # fmt: skip


@pytest.fixture
def form(start, bed, recorder):
    def make(toolkit):
        device = bed.add("keyboard", 1)
        recorder.start(agent=False)
        sway = start(Sway)
        sway.bus()
        return Form(sway, recorder, device, toolkit)

    return make


def within(span, rows):
    return [row for row in rows if span[0] <= row["time_us"] <= span[1]]


def counted(span, buckets):
    mine = [row for row in buckets if row["time_us"] > span[0] and row["time_us"] - row["bucket_us"] < span[1]]
    return sum(row.get(name, 0) for row in mine for name in ("letter", "digit"))


@pytest.mark.parametrize("lag_ms", [400, 2000])
def test_firefox_told_of_a_password_field_later_than_it_was_waited_for(form, lag_ms):
    """1 of 12 keys of a password was kept, of an app that hands keys to another of its processes; later, 8 were counted."""
    here = form("Gecko")
    here.order(f"l{lag_ms}")
    here.order(f"t{PASSWORD}")
    here.typist.key("tab")
    secret = here.typist.write(SECRET)
    until(here.is_told, "the app says where its focus is")
    here.counts_nothing_of(secret)


def test_an_app_told_of_a_password_field_when_it_was_left_already(form):
    """It was busy while all of it was typed, and then told of both moves at once."""
    here = form("Gecko")
    here.typist.key("tab")
    secret = here.typist.write(SECRET)
    here.typist.key("tab")
    here.order(f"{PASSWORD}\n{TEXT}")
    until(here.is_told, "the app says where its focus was")
    here.counts_nothing_of(secret)


def test_an_app_told_of_a_password_field_in_a_window_that_was_left(form):
    here = form("Gecko")
    here.order("l3000")
    here.order(f"t{PASSWORD}")
    here.typist.key("tab")
    secret = here.typist.write(SECRET)
    here.desk.keylog("other")
    assert not here.is_told(), "it has not told yet"
    until(here.is_told, "the app says where its focus is")
    here.counts_nothing_of(secret)


def test_an_app_died_before_it_told_of_a_password_field(form):
    here = form("Gecko")
    here.typist.key("tab")
    secret = here.typist.write(SECRET)
    here.client.stop(signal.SIGKILL)
    here.counts_nothing_of(secret)


def page_processes(firefox):
    """Those that have pages in them, and their fields. Some have all their arguments in one."""

    def is_one(entry):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").split()
        except OSError:
            return False
        return command[-1:] == [b"tab"] and b"%d" % firefox.pid in command

    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_one(entry)]


@pytest.mark.parametrize("leaves", [False, True], ids=["stays in it", "leaves it"])
def test_firefox_whose_page_was_busy_while_a_password_was_typed(start, bed, recorder, leaves):
    """The process that has the page is stopped for as long; the other one answers all the while."""
    device = bed.add("keyboard", 1)
    recorder.start(agent=False)
    sway = start(Sway)
    sway.bus()
    typist = Typist(device, sway.display)
    sway.agent(recorder.agent_socket)
    until(lambda: recorder.status()["devices"] == 1, "the indicator is seen, and the keyboard open")
    firefox = prompts.Firefox(sway, APP)
    firefox.start()
    until_decided(typist.write(ORDINARY))
    pages = page_processes(firefox.program)
    assert pages
    for page in pages:
        os.kill(page, signal.SIGSTOP)
    typist.key("tab")
    secret = typist.write(SECRET)
    if leaves:
        typist.key("tab")
    for page in pages:
        os.kill(page, signal.SIGCONT)
    until(lambda: len(firefox.received()) == len(SECRET), "all of it has arrived")
    until_decided(secret)
    recorder.stop()
    rows = recorder.rows("key", "key_counts")
    keys, buckets = [row for row in rows if row["kind"] == "key"], [row for row in rows if row["kind"] == "key_counts"]
    print(f"\n{sum(row.get('letter', 0) for row in buckets)} letters counted, of the secret {counted(secret, buckets)}")
    assert keys == [] and counted(secret, buckets) == 0


@pytest.mark.parametrize("busy_ms", [40, 90, 150])
def test_a_busy_app_answered_before_it_had_read_the_key_that_moved_its_focus(form, busy_ms):
    """It reads nothing for a while; then the question lies beside the key, and it answers first."""
    here = form("GTK")
    ordinary = here.typist.write(ORDINARY)
    here.order(f"t{PASSWORD}")
    until(lambda: here.client.process.poll() is None, "the order is there")
    time.sleep(0.05)
    here.client.send(signal.SIGSTOP)
    here.typist.key("tab")
    first = here.typist.write(SECRET[:1])
    time.sleep(busy_ms / 1000)
    here.client.send(signal.SIGCONT)
    last = here.typist.write(SECRET[1:])
    until(here.is_told, "the app says where its focus is")
    secret = (first[0], last[1])
    keys, buckets = here.finish(secret[1])
    assert len(within(ordinary, keys)) > len(ORDINARY) // 2, "of such an app every key is kept"
    assert within(secret, keys) == [] and counted(secret, buckets) == 0
