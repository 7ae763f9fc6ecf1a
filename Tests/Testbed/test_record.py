"""What is typed is kept by rule: not at all, as counts, or key by key."""

import subprocess

import pytest

PHRASE = "Tr0ub4dor&3 correct horse"


def raw_journal(daemon) -> bytes:
    """Every byte of the journal, decompressed and not."""
    data = b""
    for segment in daemon.segments():
        data += segment.read_bytes()
        data += subprocess.run(["lz4", "-dc", str(segment)], capture_output=True, check=True).stdout
    return data


def pressed(rows: list[dict]) -> list[str]:
    return [row["name"] for row in rows if row["press"] == "pressed"]


def test_off_class_and_full_end_to_end(bed, recorder, agent):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full", "vault": "off"}, titles="full").start(devices=2)
    session = agent(daemon)

    session.window("editor", 1, title="letter.txt", pid=4711)
    keyboard.write("Hi")
    daemon.until(lambda rows: len(rows) == 6, "key")

    session.window("vault", 2, title="my passwords")
    keyboard.write("hunter2")
    mouse.move(7, 7)
    daemon.until(lambda rows: [row for row in rows if row["reason"] == "rule"], "suppression")

    session.window("browser", 3, title="a page")
    keyboard.write("ab 1!\n")
    keyboard.key("leftctrl", 1)
    keyboard.tap("c")
    keyboard.key("leftctrl", 0)
    mouse.move(3, 4)
    daemon.until(lambda rows: rows, "motion")
    daemon.until(lambda rows: sum(row.get("letter", 0) for row in rows) == 2, "key_counts")
    # A command keeps its key and time; its release and the modifiers would tell nothing more.
    daemon.until(lambda rows: len(rows) == 7, "key")
    assert daemon.stop() == 0

    keys = daemon.rows("key")
    assert [(row["app"], row["name"]) for row in keys if row["press"] == "pressed"] == [
        ("editor", "KEY_LEFTSHIFT"), ("editor", "KEY_H"), ("editor", "KEY_I"), ("browser", "KEY_C")]
    assert keys[-1]["modifiers"] == ["control"]
    focuses = [(row["app"], row.get("title"), row.get("pid")) for row in daemon.rows("focus") if row.get("app")]
    assert focuses == [("editor", "letter.txt", 4711), ("browser", None, None)]
    assert [(row["dx"], row["app"]) for row in daemon.rows("motion")] == [(3, "browser")]
    spans = daemon.withheld()
    assert [(span["reason"], span["keys"], span["others"]) for span in spans] == [("rule", 7, 1)]
    counts: dict[str, int] = {}
    for row in daemon.rows("key_counts"):
        assert row["app"] == "browser"
        for name in ("letter", "digit", "punctuation", "space", "enter", "text"):
            counts[name] = counts.get(name, 0) + row.get(name, 0)
    assert counts == {"letter": 2, "digit": 1, "punctuation": 1, "space": 1, "enter": 1, "text": 0}
    raw = raw_journal(daemon)
    assert b"letter.txt" in raw, "the search must be able to find what is there"
    for kept_out in (b"vault", b"passwords", b"a page", b"hunter2"):
        assert kept_out not in raw


@pytest.mark.parametrize("rule", ["class", "off"])
def test_a_pass_phrase_is_nowhere_in_the_journal(bed, recorder, agent, rule):
    from keys import CHARACTERS

    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"browser": rule, "editor": "full"}).start(devices=1)
    session = agent(daemon)
    session.window("browser", 1)
    for _ in range(3):
        keyboard.write(PHRASE, pause=0.002)
    session.window("editor", 2)
    keyboard.write("x")
    daemon.until(lambda rows: rows, "key")
    assert daemon.stop() == 0
    assert pressed(daemon.rows("key")) == ["KEY_X"]
    raw = raw_journal(daemon)
    codes = [CHARACTERS[character][0] for character in PHRASE]
    # As text, and as key codes, in any width a column might have.
    for width in (1, 2, 4):
        needle = b"".join(code.to_bytes(width, "little") for code in codes[:6])
        assert needle not in raw
    assert PHRASE[:6].encode() not in raw and PHRASE[-6:].encode() not in raw
    shown = daemon.kymo("show", "--journal", str(daemon.journal), "--output", "json").stdout
    for name in {f"KEY_{character.upper()}" for character in PHRASE if character.isalnum()}:
        assert f'"{name}"' not in shown
    if rule == "class":
        letters = sum(row.get("letter", 0) for row in daemon.rows("key_counts"))
        assert letters == 3 * sum(character.isalpha() for character in PHRASE)


def test_without_an_agent_no_key_is_recorded_in_any_form(bed, recorder):
    keyboard, mouse = bed.add("keyboard", 1), bed.add("mouse", 2)
    daemon = recorder(rules={"editor": "full"}).start(devices=2)
    keyboard.write("secret")
    mouse.move(1, 2)
    daemon.until(lambda rows: rows, "motion")
    assert daemon.stop() == 0
    assert daemon.rows("key", "key_counts") == []
    assert "app" not in daemon.rows("motion")[0]
    assert [(row["reason"], row["keys"]) for row in daemon.withheld()] == [("focus_unknown", 6)]


def test_a_layout_that_is_not_known_leaves_counts_of_one_class(bed, recorder, agent):
    from agent import layout

    keyboard = bed.add("keyboard", 1)
    daemon = recorder().start(devices=1)
    session = agent(daemon)
    session.send(layout(known=False))
    session.window("browser")
    keyboard.write("ab1 ")
    daemon.until(lambda rows: sum(row.get("text", 0) for row in rows) == 4, "key_counts")
    assert all("letter" not in row for row in daemon.rows("key_counts"))
