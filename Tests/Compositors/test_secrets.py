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
from corpus import ORDINARY, SECRET, Judgement, play, runs, stored_forms, text_of, until_decided  # noqa: E402
from typist import Typist  # noqa: E402

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
        waits = {"decided": until_decided} if case.keeps == "counts" else {}
        typed.append(play(case.prompt(sway, app), typist, **waits))
    recorder.until_written(typed[-1].ordinary[-1][1][1])
    recorder.stop()

    rows = recorder.rows()
    full, by_class = (Judgement(round, rows) for round in typed)
    shares = [(found.ordinary_identities / found.ordinary, found.ordinary_counted / found.ordinary) for found in (full, by_class)]
    kept, of_class = shares[0], shares[1][1]
    table.append(
        (case.name, case.reason or "none",
         full.identities or (f"0 (+{full.counted} counted)" if full.counted else 0), by_class.counted,
         f"{kept[0]:.0%}" if kept[0] else f"{kept[0]:.0%} (+{kept[1]:.0%} counted)", f"{of_class:.0%}"))  # fmt: skip
    print(f"\n{table[-1]}", [full.reasons, by_class.reasons])
    assert by_class.identities == 0, "under `class` no key has an identity"
    if case.reason:
        assert (full.identities, full.counted, by_class.counted) == (0, 0, 0)
        assert case.reason in full.reasons and case.reason in by_class.reasons, (full.reasons, by_class.reasons)
    if case.keeps != "keys":
        assert full.identities == 0 and kept[0] == 0
    # An app that a busy machine keeps waiting is withheld, rightly: what counts is that it is recorded at all.
    least = 0 if case.keeps == "nothing" else 0.5
    assert kept[{"keys": 0, "counts": 1}.get(case.keeps, 0)] >= least and of_class >= least
    text = text_of(rows)
    stored = b"".join(subprocess.run(["lz4", "-dc", str(path)], capture_output=True).stdout for path in recorder.segments())
    if case.keeps == "keys":
        assert any(run in text for run in runs(ORDINARY)), "what is looked for can be found"
    if case.keeps != "nothing":
        assert case.apps[0].encode() in stored, "texts stand in the bytes as they are"
    if case.reason:
        assert not any(run in text for run in runs(SECRET)), text
        assert not any(form in stored for form in stored_forms(SECRET))
