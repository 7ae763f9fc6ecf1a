"""Known secrets, typed into everything that asks for one, from the device to the journal: none of them is in it.

Each way of asking is met twice: under a rule `full`, which keeps every key, and under none, which is `class`. The same
app's ordinary field is typed into before and after, and what is recorded there shows that something was recorded at all.
The table that is printed at the end is docs/PRIVACY.md's.
"""

import subprocess
import sys
from dataclasses import dataclass

import prompts
import pytest
from session import REPOSITORY, Sway, until

sys.path.insert(0, str(REPOSITORY / "Tests" / "Testbed"))
import keys  # noqa: E402
from typist import Typist  # noqa: E402

ORDINARY, AGAIN, SECRET = "thequickfoxjumps", "overthelazydog", "m4xk7vz2qp9w"
# A run of so many characters of a secret is the secret's: the ordinary texts share none with it.
RUN = 3
TELL = "what is recorded:"


@dataclass
class Case:
    prompt: type
    # App ids: under a rule `full`, and without one.
    apps: tuple
    # The reason that the journal gives; None: no signal sees it.
    reason: str | None
    name: str = ""
    # What is kept of the ordinary fields under `full`: "keys"; "counts", where nobody can say in time that a field is no
    # password's; or "nothing".
    keeps: str = "keys"


def form(prompt, word, reason, **more):
    return Case(prompt, (f"org.example.{word}full", f"org.example.{word}"), reason, **more)


def terminal(prompt, reason, **more):
    return Case(prompt, ("org.example.Terminal", "foot"), reason, **more)


CASES = [
    form(prompts.GTK3, "Gtk3", "password", name="GTK 3, entry for passwords"),
    form(prompts.GTK4, "Gtk4", "password", name="GTK 4, entry for passwords"),
    form(prompts.GTK4Hidden, "Gtk4hidden", None, name="GTK 4, entry that hides its text"),
    form(prompts.Qt, "Qt", "password", name="Qt 5, line edit"),
    terminal(prompts.Sudo, "terminal", name="sudo"),
    terminal(prompts.Su, "terminal", name="su"),
    terminal(prompts.Ssh, "terminal", name="ssh, password"),
    terminal(prompts.Getpass, "terminal", name="Python, getpass"),
    terminal(prompts.Read, "terminal", name="bash, read -s"),
    terminal(prompts.Polkit, "terminal", name="polkit, pkttyagent"),
    terminal(prompts.Pinentry, "terminal", name="pinentry-curses"),
    terminal(prompts.Stars, None, name="a program that draws stars itself"),
    Case(prompts.PolkitWindow, ("polkit-gnome-authentication-agent-1", "org.kde.polkit-kde"), "denied",
         name="polkit, graphical agent's window", keeps="nothing"),
    form(prompts.Swaylock, "Locked", "no_window", name="swaylock"),
    form(prompts.Greeter, "Greeter", "inactive", name="greeter (logind's class)"),
    terminal(prompts.Agreety, "terminal", name="agreety, greetd's greeter"),
    form(prompts.Firefox, "Firefox", "password", name="Firefox, password input", keeps="counts"),
    form(prompts.WebKit, "Webkit", "password", name="WebKitGTK, password input", keeps="nothing"),
    form(prompts.Chromium, "Chromium", "accessibility", name="Chromium, password input", keeps="nothing"),
    form(prompts.ChromiumAccessible, "Chromiumaccessible", "password", keeps="counts",
         name="Chromium, --force-renderer-accessibility"),
]  # fmt: skip


@pytest.fixture(scope="module")
def table():
    rows = []
    yield rows
    if rows:
        print(f"\n{TELL}\n| asks for it | signal | keys of {len(SECRET)}, `full` | counted, `class` | ordinary field, `full` | ordinary field, `class` |")
        print("|---|---|---|---|---|---|")
        for row in rows:
            print("| " + " | ".join(str(cell) for cell in row) + " |")


@pytest.fixture
def bed():
    from bed import Bed

    made = Bed()
    yield made
    made.close()


@pytest.fixture
def recorder(bed, request):
    from bed import Recorder

    case = request.getfixturevalue("case")
    made = Recorder(bed, rules={f"*{case.apps[0]}*": "full"})
    yield made
    made.close()
    made.discard()


@dataclass
class Typed:
    """What was typed where, and when (µs)."""

    secret: tuple
    ordinary: list


def play(prompt, typist, desk):
    prompt.start()
    ordinary = [(ORDINARY, typist.write(ORDINARY))]
    prompt.ask(typist)
    secret = typist.write(SECRET)
    if prompt.received() is not None:
        until(lambda: len(prompt.received()) == len(SECRET), f"all of the secret arrives, not {prompt.received()!r}")
        assert prompt.received() in (SECRET, "*" * len(SECRET))
    prompt.leave(typist)
    if prompt.has_third:
        ordinary.append((AGAIN, typist.write(AGAIN)))
    prompt.close()
    return Typed(secret, ordinary)


def within(span, rows):
    return [row for row in rows if span[0] <= row["time_us"] <= span[1]]


def counted(span, rows):
    """Presses in all buckets that the span may have a part in, but for the Tab and Enter around it."""
    names = ("letter", "digit", "punctuation", "space", "other", "text")
    mine = [row for row in rows if row["time_us"] > span[0] and row["time_us"] - row["bucket_us"] < span[1]]
    return sum(row.get(name, 0) for row in mine for name in names)


def runs(text):
    return [text[start : start + RUN] for start in range(len(text) - RUN + 1)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_secret_is_in_the_journal(case, start, bed, recorder, table):
    device = bed.add("keyboard", 1)
    # The agent is the session's own, which comes with its windows.
    recorder.start(agent=False)
    sway = start(Sway)
    sway.bus()
    sway.login, sway.is_open = recorder.login, lambda: recorder.status()["devices"] == 1
    typist = Typist(device, sway.display)
    sway.agent(recorder.agent_socket)
    until(lambda: recorder.status()["devices"] == 1, "the indicator is seen, and the keyboard open")

    typed = []
    for app in case.apps:
        typed.append(play(case.prompt(sway, app), typist, sway))
    recorder.until_written(typed[-1].ordinary[-1][1][1])
    recorder.stop()

    rows = recorder.rows()
    pressed = [row for row in rows if row["kind"] == "key" and row["press"] == "pressed"]
    buckets = [row for row in rows if row["kind"] == "key_counts"]
    characters = {code: character for character, (code, shifted) in keys.CHARACTERS.items() if not shifted}

    def share(number):
        """Of the ordinary keys: with their identity, and counted."""
        spans = typed[number].ordinary
        total = sum(len(text) for text, _ in spans)
        return (sum(len(within(span, pressed)) for _, span in spans) / total,
                sum(counted(span, buckets) for _, span in spans) / total)  # fmt: skip

    def seen(number):
        first, last = typed[number].secret
        spans = [row for row in rows if row["kind"] == "suppression" and row["phase"] == "end"]
        return {row["reason"] for row in spans if row["start_us"] <= last and row["end_us"] >= first}

    identities = [len(within(typed[number].secret, pressed)) for number in (0, 1)]
    counts = [counted(typed[number].secret, buckets) for number in (0, 1)]
    full, counted_share = share(0), share(1)
    table.append(
        (case.name, case.reason or "none", identities[0] or f"0 (+{counts[0]} counted)" if counts[0] else identities[0],
         counts[1], f"{full[0]:.0%}" if full[0] else f"{full[0]:.0%} (+{full[1]:.0%} counted)", f"{counted_share[1]:.0%}"))  # fmt: skip
    print(f"\n{table[-1]}", [seen(0), seen(1)])
    assert identities[1] == 0, "under `class` no key has an identity"
    if case.reason:
        assert identities == [0, 0] and counts == [0, 0]
        assert all(case.reason in seen(number) for number in (0, 1)), (seen(0), seen(1))
    if case.keeps != "keys":
        assert identities == [0, 0] and full[0] == 0
    # An app that a busy machine keeps waiting is withheld, rightly: what counts is that it is recorded at all.
    least = 0 if case.keeps == "nothing" else 0.5
    assert full[{"keys": 0, "counts": 1}.get(case.keeps, 0)] >= least and counted_share[1] >= least
    text = "".join(characters.get(row["code"], "?") for row in pressed)
    stored = b"".join(subprocess.run(["lz4", "-dc", str(path)], capture_output=True).stdout for path in recorder.segments())
    if case.keeps == "keys":
        assert any(run in text for run in runs(ORDINARY)), "what is looked for can be found"
    if case.keeps != "nothing":
        assert case.apps[0].encode() in stored, "texts stand in the bytes as they are"
    if case.reason:
        assert not any(run in text for run in runs(SECRET)), text
        # Of codes only bits are stored (docs/FORMAT.md): what the reader shows is all that there is of them.
        assert SECRET.encode() not in stored and SECRET.encode("utf-16-le") not in stored
