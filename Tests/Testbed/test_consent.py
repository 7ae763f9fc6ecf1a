"""Consent: who may give it, how, to what, and what is recorded without it: nothing, and no device node is open."""

import hashlib
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from agent import indicator, pause_request
from bed import BIN, FIGURES, now_us, subject, wait_for

UID = subject().pw_uid
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def control(daemon, request: str, uid: int | None = None) -> list[bytes]:
    """The packets of an answer, asked by a process of that user that is not kymo."""
    program = (
        "import os, socket, sys\n"
        "uid = int(sys.argv[2])\n"
        "if uid != os.geteuid(): os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
        "peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.settimeout(20); peer.connect(sys.argv[1])\n"
        "peer.send(sys.argv[3].encode())\n"
        "while packet := peer.recv(40000): print(packet.hex())\n"
    )
    uid = UID if uid is None else uid
    done = subprocess.run(["/usr/bin/python3", "-c", program, str(daemon.control_socket), str(uid), request],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [bytes.fromhex(line) for line in done.stdout.split()]


def receipt_file(daemon) -> Path:
    return daemon.consents / str(UID) / "receipt"


def is_recording(daemon) -> bool:
    return bool(daemon.status()["recording"])


def reason(daemon) -> str:
    return daemon.status().get("reason", "")


@pytest.fixture
def desk(bed, recorder):
    """Somebody who has consented, and moves the mouse."""
    mouse = bed.add("mouse", 1)
    daemon = recorder().start(devices=1)
    mouse.run(500, 60)
    daemon.until(lambda rows: len(rows) > 20, "motion")
    return daemon, mouse


def stays_silent(daemon, since: int) -> None:
    """Nothing later than 100 ms after that moment is ever written, and no node is open."""
    wait_for(lambda: daemon.open_nodes() == {}, "the nodes to be closed", 1)
    daemon.until_written(last=since + 500_000)
    assert max(row["time_us"] for row in daemon.rows("motion")) <= since + 100_000


# -- giving it


def test_without_a_receipt_no_node_is_open_and_nothing_is_recorded(bed, recorder):
    mouse = bed.add("mouse", 1)
    daemon = recorder().start(consents=False)
    mouse.run(500, 1)
    mouse.finish(10)
    assert "no consent" in reason(daemon) and daemon.open_nodes() == {}
    assert daemon.agent.state()["told"][-1][0] == "off"
    assert daemon.stop() == 0
    assert {row["kind"] for row in daemon.rows()} == {"clock", "recorder", "suppression"}


def test_what_is_shown_is_the_notice_and_the_policy_in_force(recorder):
    daemon = recorder(rules={"editor": "full"}).start(consents=False)
    shown = daemon.at_terminal("consent", "show")
    assert shown.code == 0
    assert "This is a test." in shown.output and "keys=full" in shown.output and "app=editor" in shown.output
    assert f"No consent of {subject().pw_name} is in force: none was given yet" in shown.output
    daemon.grant()
    assert f"{subject().pw_name} has consented: receipt " in daemon.at_terminal("consent", "show").output


@pytest.mark.parametrize("answer", ["yes", "", "i consent", "I consent to nothing"])
def test_any_other_answer_is_none(recorder, answer):
    daemon = recorder().start(consents=False)
    done = daemon.grant(answer=answer)
    assert done.code == 1 and "Nothing was consented to." in done.output
    assert daemon.login.asked() == [] and not receipt_file(daemon).exists()


def test_a_pipe_is_nobody(recorder):
    daemon = recorder().start(consents=False)
    done = subprocess.run([BIN / "kymo", "consent", "grant", "--control", daemon.control_socket], input="I consent\n",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "at a terminal" in done.stderr
    assert daemon.login.asked() == []


def test_polkit_is_asked_for_the_very_person(recorder):
    daemon = recorder().start(consents=False)
    daemon.grant()
    asked, = daemon.login.asked()
    assert asked["kind"] == "unix-process" and asked["uid"] == UID and asked["pid"] > 0
    assert asked["action"] == "org.kymograph.consent.grant" and asked["flags"] == 1


@pytest.mark.parametrize("answers, said", [("no", "you were not authenticated"), ("absent", "polkit is not there")])
def test_without_polkits_word_there_is_no_consent(recorder, answers, said):
    daemon = recorder().start(consents=False)
    daemon.login.polkit(answers)
    done = daemon.at_terminal("consent", "grant", says=[('type "I consent"', "I consent")])
    assert done.code == 2 and said in done.output
    assert not receipt_file(daemon).exists() and "no consent" in reason(daemon)


def test_who_hangs_up_before_polkit_answers_has_not_consented(recorder):
    daemon = recorder().start(consents=False)
    daemon.login.polkit("hang")
    view = b"".join(packet[1:] for packet in control(daemon, "show") if packet[:1] == b"=").decode()
    hashes = grant_hashes(view)
    program = ("import socket, sys, os\nuid = int(sys.argv[2])\n"
               "if uid != os.geteuid(): os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
               "peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.connect(sys.argv[1])\n"
               "peer.send(sys.argv[3].encode()); sys.stdin.read()\n")
    peer = subprocess.Popen(["/usr/bin/python3", "-c", program, str(daemon.control_socket), str(UID), hashes],
                            stdin=subprocess.PIPE)
    wait_for(lambda: daemon.login.asked(), "polkit to be asked")
    peer.stdin.close()
    peer.wait(10)
    wait_for(lambda: [call for call in daemon.login.asked() if "cancelled" in call], "the question to be called off")
    assert not receipt_file(daemon).exists()


def grant_hashes(view: str) -> str:
    """The request that consents to what was shown."""
    def block(name: str) -> bytes:
        data = view.encode()
        head = re.search(rf"(?:^|\n){name} (\d+)\n".encode(), data)
        return data[head.end():head.end() + int(head[1])]

    return "grant " + " ".join(hashlib.sha256(block(name)).hexdigest() for name in ("notice", "policy"))


def test_what_was_not_shown_cannot_be_consented_to(recorder):
    daemon = recorder().start(consents=False)
    answer = control(daemon, f"grant {'0' * 64} {'0' * 64}")
    assert answer[-1].startswith(b"!what you were shown")
    assert daemon.login.asked() == []


# -- what is on file


def test_the_receipt_can_be_kept_and_verified_anywhere(desk, tmp_path):
    daemon, _ = desk
    printed = daemon.at_terminal("consent", "receipt")
    assert printed.code == 0 and printed.output == receipt_file(daemon).read_text()
    copy = tmp_path / "receipt"
    copy.write_text(printed.output)
    good = daemon.kymo("consent", "verify", str(copy))
    assert good.returncode == 0 and subject().pw_name in good.stdout and "the signature fits" in good.stdout
    key = (daemon.consents / "host.pub").read_text().strip()
    assert daemon.kymo("consent", "verify", str(copy), "--key", key).returncode == 0
    assert daemon.kymo("consent", "verify", str(copy), "--key", "0" * 64).returncode == 1
    copy.write_text(printed.output.replace("This is a test.", "This is a trap."))
    assert daemon.kymo("consent", "verify", str(copy)).returncode == 1


def test_the_journal_says_under_which_receipt(desk):
    daemon, _ = desk
    identity = re.search(r"^id (\w+)$", receipt_file(daemon).read_text(), re.M)[1]
    assert daemon.stop() == 0
    rows = [row for row in daemon.rows("consent", "session", "motion") if row["segment"] == 2]
    assert [row["kind"] for row in rows[:3]] == ["consent", "session", "motion"]
    assert rows[0]["given"] and rows[0]["receipt"] == identity and rows[0]["user_id"] == UID


def damage(text: str) -> str:
    return text.replace("subject ", "subject x", 1)


TAMPERINGS = {
    "changed": (lambda daemon: receipt_file(daemon).write_text(damage(receipt_file(daemon).read_text())), "does not fit"),
    "cut": (lambda daemon: receipt_file(daemon).write_text(receipt_file(daemon).read_text()[:-40]), "does not count"),
    "gone": (lambda daemon: receipt_file(daemon).unlink(), "none was given yet"),
    "for all to change": (lambda daemon: receipt_file(daemon).chmod(0o666), "others may"),
    "another host's key": (lambda daemon: (daemon.consents / "host.key").write_text("ab" * 32 + "\n"), "another host's key"),
    "another's name": (lambda daemon: daemon.login.change(Name="mallory"), "had that user id before"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_receipt_that_does_not_count_opens_nothing(desk, name):
    tamper, said = TAMPERINGS[name]
    daemon, _ = desk
    assert daemon.stop() == 0
    tamper(daemon)
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() and said in reason(daemon), f"the reason: {said}")
    assert daemon.open_nodes() == {}


@needs_root
def test_a_receipt_of_another_machine_does_not_count(desk, tmp_path):
    """A copy of the disk, key and all."""
    daemon, _ = desk
    assert daemon.stop() == 0
    (tmp_path / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    subprocess.run(["mount", "--bind", tmp_path / "machine-id", "/etc/machine-id"], check=True)
    try:
        daemon.process = daemon.launch()
        wait_for(lambda: daemon.status() and "given on another machine" in reason(daemon), "the receipt to be refused")
        assert daemon.open_nodes() == {}
    finally:
        subprocess.run(["umount", "/etc/machine-id"], check=True)


def test_an_old_receipt_does_not_outlive_a_withdrawal(desk):
    daemon, _ = desk
    old = receipt_file(daemon).read_text()
    assert daemon.at_terminal("consent", "withdraw", "--keep").code == 0
    assert daemon.stop() == 0
    receipt_file(daemon).write_text(old)
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() and "it was withdrawn" in reason(daemon), "the old receipt to be refused")
    assert daemon.open_nodes() == {}


def again(daemon) -> None:
    assert daemon.stop() == 0
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() is not None, "kymographd to answer")
    daemon.sit_down()


def test_a_changed_notice_asks_again(desk):
    daemon, _ = desk
    daemon.notice.write_text("# Be informed\n\nThis is something else.\n")
    again(daemon)
    wait_for(lambda: "the notice has changed" in reason(daemon), "to be asked again")
    assert daemon.open_nodes() == {}
    daemon.grant()
    wait_for(lambda: is_recording(daemon), "the new consent to count")


def test_only_a_looser_policy_asks_again(desk):
    daemon, _ = desk
    policy = daemon.config.read_text()
    daemon.config.write_text(policy + '[[rule]]\napp = "editor"\nkeys = "off"\n')
    again(daemon)
    wait_for(lambda: is_recording(daemon), "a stricter policy to go on")
    daemon.config.write_text(policy + '[[rule]]\napp = "editor"\nkeys = "full"\n')
    again(daemon)
    wait_for(lambda: "keeps more than before" in reason(daemon), "to be asked again")
    assert daemon.open_nodes() == {}


# -- taking it back, pausing


def test_withdrawing_stops_at_once_and_survives_a_restart(desk):
    daemon, mouse = desk
    asked = now_us()
    done = daemon.at_terminal("consent", "withdraw", "--keep")
    answered = now_us()
    assert done.code == 0 and "still there" in done.output
    stays_silent(daemon, answered)
    last = max(row["time_us"] for row in daemon.rows("motion"))
    FIGURES.append(f"withdrawal: last event {(last - answered) / 1000:+.1f} ms from kymo's answer, {(last - asked) / 1000:+.1f} ms from its start")
    assert daemon.rows("consent")[-1]["given"] is False
    again(daemon)
    assert "it was withdrawn" in reason(daemon) and daemon.open_nodes() == {}
    daemon.grant()
    wait_for(lambda: is_recording(daemon), "a new consent to count")


@pytest.mark.parametrize("words, row", [([], {"until_us": None}), (["2h"], {})])
def test_a_pause_stops_at_once_and_survives_a_restart(desk, words, row):
    daemon, mouse = desk
    assert daemon.at_terminal("pause", *words).code == 0
    answered = now_us()
    stays_silent(daemon, answered)
    last = max(row["time_us"] for row in daemon.rows("motion"))
    FIGURES.append(f"pause {' '.join(words)}: last event {(last - answered) / 1000:+.1f} ms from kymo's answer")
    # For no other reason, not even for as long as it is written.
    assert daemon.rows("suppression")[-1]["reason"] == "paused"
    paused = daemon.rows("pause")[-1]
    assert paused["paused"] and row.items() <= paused.items()
    phase, text = daemon.agent.state()["told"][-1]
    assert phase == "paused" and text.startswith("until ") == bool(words)
    again(daemon)
    assert "has paused the recording" in reason(daemon) and daemon.open_nodes() == {}
    assert daemon.at_terminal("resume").code == 0
    wait_for(lambda: daemon.open_nodes(), "the nodes to be open again")


@needs_root
@pytest.mark.parametrize("words", [[], ["2h"]])
def test_a_pause_survives_a_reboot(desk, tmp_path, words):
    """Another boot, by the kernel's id of it, whose clocks begin anew."""
    daemon, _ = desk
    assert daemon.at_terminal("pause", *words).code == 0
    assert daemon.stop() == 0
    boot = tmp_path / "boot_id"
    boot.write_text("01234567-89ab-cdef-0123-456789abcdef\n")
    # In a mount namespace of its own: nobody else's boot is another.
    other = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\""
    daemon.process = daemon.launch(activator=lambda _: ["unshare", "--mount", "sh", "-c", other, str(boot)])
    wait_for(lambda: daemon.status() is not None, "kymographd to answer")
    daemon.sit_down()
    wait_for(lambda: "has paused the recording" in reason(daemon), "the pause to hold")
    assert daemon.open_nodes() == {}
    assert daemon.at_terminal("resume").code == 0
    wait_for(lambda: is_recording(daemon), "the resumption")
    assert Path(f"/proc/{daemon.pid}/root/proc/sys/kernel/random/boot_id").read_text() == boot.read_text()


def test_a_pause_ends_by_itself_and_stays_over(desk):
    daemon, _ = desk
    assert daemon.at_terminal("pause", "1s").code == 0
    wait_for(lambda: is_recording(daemon), "the pause to be over")
    daemon.until(lambda rows: [row["paused"] for row in rows] == [True, False], "pause")
    assert not (daemon.consents / str(UID) / "paused").exists()
    spans = [row for row in daemon.rows("suppression") if row["reason"] == "paused" and row["phase"] == "end"]
    assert len(spans) == 1 and spans[0]["end_us"] - spans[0]["start_us"] >= 900_000


def test_a_click_on_the_indicator_is_a_pause(desk):
    daemon, _ = desk
    daemon.agent.send(pause_request(True, 900))
    clicked = now_us()
    wait_for(lambda: "has paused" in reason(daemon), "the pause")
    stays_silent(daemon, clicked)
    last = max(row["time_us"] for row in daemon.rows("motion"))
    FIGURES.append(f"click: last event {(last - clicked) / 1000:+.1f} ms from the agent's word")
    assert daemon.agent.state()["told"][-1][0] == "paused"
    daemon.agent.send(pause_request(False))
    wait_for(lambda: is_recording(daemon), "the resumption")
    assert daemon.agent.state()["told"][-1][0] == "recording"


# -- seeing what holds


def privacy(daemon) -> str:
    done = daemon.at_terminal("privacy", "--socket", str(daemon.status_socket))
    assert done.code == 0, done.output
    return done.output


def test_one_is_told_in_plain_words_what_is_recorded_and_why_not(bed, recorder):
    bed.add("mouse", 1)
    daemon = recorder(rules={"editor": "full", "vault": "off"}).start(devices=1)
    name, text = subject().pw_name, privacy(daemon)
    assert f"{name}, you are being recorded now: 1 devices are open" in text
    assert re.search(r"^id (\w+)$", receipt_file(daemon).read_text(), re.M)[1] in text
    assert "  editor: every key, where accessibility says" in text and "  vault: nothing, not even its name" in text
    assert "  every other app: keys as counts per 100 ms" in text
    assert "  there is no consent: " in text and "  the indicator is not shown: " in text
    assert "Your own rules, which only take away (kymo rules)\n  none\n" in text
    assert re.search(r"\n  [\d.]+ \w+ on the disk in 1 segment ", text)
    daemon.at_terminal("pause")
    text = privacy(daemon)
    assert f"{name}, nothing of you is being recorded now: {name} has paused the recording." in text
    daemon.at_terminal("resume")
    wait_for(lambda: is_recording(daemon), "the resumption")
    wait_for(lambda: re.search("  paused: 1 time, \\d+ s together\n", privacy(daemon)), "the pause to be in the account")


@needs_root
def test_one_is_told_who_has_read_and_sees_no_others_own_reading(desk):
    daemon, _ = desk
    assert "nobody but root" in privacy(daemon)
    user = subject().pw_uid
    lines = ["T role=reader uid=7 pid=8 user=rita kymo show", f"T role=subject uid={user} pid=8 user=me kymo mine",
             f"T role=subject uid={user}0 pid=8 user=other kymo mine"]
    daemon.access_log.write_text("".join(line + "\n" for line in lines))
    assert f"2 accesses, the last of them (kymo access shows all; root leaves no line here)\n  {lines[0]}\n  {lines[1]}\n" in (
        privacy(daemon))
    assert daemon.at_terminal("access").output.splitlines() == lines[:2]
    never_recorded = daemon.at_terminal("access", uid=1)
    assert never_recorded.code == 0 and "role=" not in never_recorded.output


@needs_root
def test_another_user_is_told_about_themselves(desk):
    daemon, _ = desk
    done = daemon.at_terminal("privacy", "--socket", str(daemon.status_socket), uid=1)
    assert "nothing of you is being recorded now: somebody else is at the seat" in done.output
    assert "none is in force: none was given yet" in done.output


# -- the indicator


def test_without_an_indicator_no_node_is_open(desk):
    daemon, _ = desk
    daemon.agent.send(indicator(False, "nobody can see it"))
    hidden = now_us()
    wait_for(lambda: "the indicator is not shown" in reason(daemon), "the recorder to hear of it")
    stays_silent(daemon, hidden)
    daemon.agent.send(indicator(True))
    wait_for(lambda: is_recording(daemon), "the recording")


# -- others


@needs_root
def test_another_user_decides_for_themselves_alone(desk):
    daemon, _ = desk
    other = 1
    for words in (["consent", "withdraw", "--keep"], ["pause"], ["resume"]):
        assert daemon.at_terminal(*words, uid=other).code == 0
    assert "has not consented" not in daemon.at_terminal("consent", "show").output
    assert is_recording(daemon)
    before = now_us()
    daemon.until(lambda rows: rows[-1]["time_us"] > before, "motion")
    assert daemon.rows("pause") == [] and all(row["given"] for row in daemon.rows("consent"))
    assert daemon.at_terminal("consent", "receipt", uid=other).code == 2


@needs_root
def test_root_decides_for_nobody(desk):
    daemon, _ = desk
    for words in (["consent", "withdraw"], ["pause"], ["consent", "receipt"]):
        done = daemon.at_terminal(*words, uid=0)
        assert done.code == 2 and "root" in done.output
    assert is_recording(daemon)


@needs_root
def test_one_user_cannot_take_all_connections(desk):
    daemon, _ = desk
    crowd = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(20)]
    for peer in crowd:
        peer.connect(str(daemon.control_socket))
    assert daemon.at_terminal("pause").code == 0
    assert "has paused" in reason(daemon)
    for peer in crowd:
        peer.close()


@pytest.mark.parametrize("request_", ["", "show root", "withdraw 1000", "forget", "pause -1", "grant", "x" * 70_000, "\0"])
def test_a_request_that_is_none_is_refused(desk, request_):
    daemon, _ = desk
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.settimeout(10)
    peer.connect(str(daemon.control_socket))
    peer.send(request_.encode())
    answer = peer.recv(40000)
    assert answer == b"" or answer[:1] == b"!"
    assert is_recording(daemon)


# -- nothing goes around it


def test_no_program_has_a_way_around_consent():
    """Neither an option nor a word in the environment: what is not in the binary cannot be asked for."""
    for name in ("kymographd", "kymograph-agent", "kymo"):
        options = subprocess.run([BIN / name, "--help-hidden"], capture_output=True, text=True).stdout
        assert "--version" in options and not re.search(r"--(\S*)(subject|user|uid|no-|skip|force|without|bypass|debug|test)", options), options
    text = subprocess.run(["strings", BIN / "kymographd"], capture_output=True, text=True, check=True).stdout
    variables = set(re.findall(r"\bKYMO[A-Z_]*\b", text))
    # A property of udev's, magics of the format, and two constants of our own.
    assert variables <= {"KYMOGRAPH_IGNORE", "KYMOSEG", "KYMOCHK", "KYMOEND", "KYMOTMB", "KYMO", "KYMO_ABSOLUTE_AXES",
                         "KYMO_RELATIVE_AXES"}, variables


@pytest.mark.parametrize("name", ["KYMO_TEST", "KYMOGRAPH_SUBJECT", "KYMOGRAPH_NO_CONSENT", "KYMO_CONSENT", "CI", "DEBUG"])
def test_no_variable_opens_anything(bed, recorder, name):
    bed.add("mouse", 1)
    daemon = recorder(environment={name: "1"}).start(consents=False)
    assert "no consent" in reason(daemon) and daemon.open_nodes() == {}
