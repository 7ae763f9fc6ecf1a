"""What people can see and say of their own data: reading it, rules of their own, who has read."""

import csv
import io
import json
import os
import re

import subprocess
import time

import pytest

from agent import PROTOCOL_VERSION, Agent
from bed import now_us, subject, wait_for
from test_consent import control, is_recording, privacy, reason
from test_forget import keys, type_in, verify

UID = subject().pw_uid
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def desk(bed, recorder):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"editor": "full", "browser": "full"}, titles="full").start(devices=1)
    return daemon, keyboard


def accesses(daemon) -> list[str]:
    return daemon.access_log.read_text().splitlines() if daemon.access_log.exists() else []


# -- reading it


def test_one_reads_what_was_recorded_of_oneself(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    done = daemon.at_terminal("mine")
    assert done.code == 0 and "press A" in done.output and '"Notes"' in done.output, done.output
    asked = [call for call in daemon.login.asked() if call["action"] == "org.kymograph.mine.read"]
    assert len(asked) == 1 and asked[0]["uid"] == UID and asked[0]["kind"] == "unix-process"
    line, = accesses(daemon)
    records = len(daemon.rows())
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT[\d:.]+Z role=subject uid={UID} pid=\d+ user={subject().pw_name} "
                        r"records=(\d+) kymo mine --output text", line), line
    assert 0 < int(re.search(r"records=(\d+)", line)[1]) <= records
    assert daemon.access_log.stat().st_mode & 0o777 == 0o600
    assert line in privacy(daemon) and daemon.at_terminal("access").output.splitlines() == [line]


def test_it_can_be_had_as_json_and_csv_and_in_parts(desk, tmp_path):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "browser", "xyz", "Bank", 2)
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    done = daemon.at_terminal("mine", "--output", "json", "--kind", "key", "--app", "ed*")
    rows = [json.loads(line) for line in done.output.splitlines()]
    typed = [row for row in rows if row["kind"] == "key"]
    assert done.code == 0 and len(typed) == 6 and {row["app"] for row in typed} == {"editor"}
    assert {row["kind"] for row in rows} <= {"key", "suppression", "loss"}, "what is missing is told whatever is asked for"
    whole = {row["sequence"]: row for row in daemon.rows("key")}
    assert all(whole[row["sequence"]] == row for row in typed), "the very lines that an engineer would get"
    done = daemon.at_terminal("mine", "--output", "csv", "--until", "yesterday")
    assert done.code == 0 and next(csv.reader(io.StringIO(done.output)))[0] == "kind"
    assert "--kind key" in accesses(daemon)[0] and "records=" in accesses(daemon)[1]
    folder = daemon.directory / "mine"
    folder.mkdir()
    os.chown(folder, UID, -1)
    assert daemon.at_terminal("mine", "--output", "json", "--file", str(folder / "x.jsonl")).code == 0
    assert len((folder / "x.jsonl").read_text().splitlines()) > 6 and (folder / "x.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("answers, said", [("no", "you were not authenticated"), ("absent", "polkit is not there")])
def test_without_polkits_word_nothing_is_read(desk, answers, said):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    daemon.login.polkit(answers)
    done = daemon.at_terminal("mine")
    assert done.code == 2 and said in done.output and "Notes" not in done.output
    assert accesses(daemon) == []


def test_who_hangs_up_before_polkit_answers_may_ask_again(desk):
    daemon, keyboard = desk
    daemon.login.polkit("hang")
    program = ("import socket, sys, os\nuid = int(sys.argv[2])\n"
               "if uid != os.geteuid(): os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
               "peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.connect(sys.argv[1])\n"
               "peer.send(b'mine text\\n'); sys.stdin.read()\n")
    peer = subprocess.Popen(["/usr/bin/python3", "-c", program, str(daemon.control_socket), str(UID)], stdin=subprocess.PIPE)
    wait_for(lambda: [call for call in daemon.login.asked() if call.get("action") == "org.kymograph.mine.read"], "polkit to be asked")
    peer.stdin.close()
    peer.wait(10)
    wait_for(lambda: [call for call in daemon.login.asked() if "cancelled" in call], "the question to be called off")
    daemon.login.polkit("yes")
    assert daemon.at_terminal("mine").code == 0


def test_what_cannot_be_written_down_is_not_read(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    daemon.access_log.mkdir()
    done = daemon.at_terminal("mine")
    assert done.code == 2 and "list of accesses" in done.output and "Notes" not in done.output
    daemon.access_log.rmdir()


def test_it_never_follows(desk):
    """A program that reads slowly enough must not see what is typed meanwhile."""
    daemon, keyboard = desk
    mouse = daemon.bed.add("mouse", 2)
    type_in(daemon, keyboard, "editor", "abcdefgh", "Notes", 1)
    # More than a socket's buffer takes: whoever reads is behind what is written.
    mouse.run(1000, 4)
    mouse.finish(20)
    daemon.until_written(last=now_us())
    program = (
        "import socket, sys, os, time\nuid = int(sys.argv[2])\n"
        "if uid != os.geteuid(): os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
        "peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.settimeout(20)\n"
        "peer.connect(sys.argv[1]); peer.send(b'mine json\\n')\n"
        "first = peer.recv(40000)\nprint('begun', flush=True); sys.stdin.readline()\n"
        "data = first\n"
        "while packet := peer.recv(40000): data += packet\n"
        "sys.stdout.write(data.decode())\n")
    peer = subprocess.Popen(["/usr/bin/python3", "-c", program, str(daemon.control_socket), str(UID)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    assert peer.stdout.readline() == "begun\n"
    type_in(daemon, keyboard, "browser", "later", "Later", 2)
    data, _ = peer.communicate("\n", timeout=30)
    assert "editor" in data and "browser" not in data
    assert daemon.at_terminal("mine", "--output", "json").output.count('"app":"browser"') >= 10


@needs_root
def test_nobody_reads_anothers(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    other = daemon.at_terminal("mine", "--output", "json", uid=1)
    assert other.code == 0 and "Notes" not in other.output and "editor" not in other.output
    assert subject().pw_name not in other.output
    root = daemon.at_terminal("mine", uid=0)
    assert root.code == 2 and "root" in root.output
    # That somebody has read their own is nobody else's business.
    assert "uid=1 " not in privacy(daemon)


def test_a_reader_that_takes_nothing_holds_nobody_up(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    program = ("import socket, sys, os\nuid = int(sys.argv[2])\n"
               "if uid != os.geteuid(): os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
               "peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.connect(sys.argv[1])\n"
               "peer.send(b'mine json\\n'); print('asked', flush=True); sys.stdin.read()\n")
    peer = subprocess.Popen(["/usr/bin/python3", "-c", program, str(daemon.control_socket), str(UID)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    assert peer.stdout.readline() == "asked\n"
    asked = time.monotonic()
    assert daemon.at_terminal("pause").code == 0 and time.monotonic() - asked < 10
    peer.stdin.close()
    peer.wait(10)


# -- rules of one's own


def test_an_own_rule_holds_at_once_and_after_a_restart(desk):
    daemon, keyboard = desk
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    done = daemon.at_terminal("rules", "add", "--app", "ed*", "--keys", "off")
    assert done.code == 0 and "In force now; 1 rule of your own." in done.output
    assert is_recording(daemon)
    before = len(keys(daemon))
    keyboard.write("secret")
    type_in(daemon, keyboard, "browser", "xyz", "Bank", 2)
    assert len(keys(daemon)) == before + 6, "nothing of the editor was written"
    assert "  ed*: nothing is recorded, not even its name" in privacy(daemon)
    shown = daemon.at_terminal("rules").output
    assert shown == '# 1\n[[rule]]\napp = "ed*"\nkeys = "off"\n'
    assert daemon.stop() == 0
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() is not None, "kymographd to answer")
    daemon.sit_down()
    wait_for(lambda: is_recording(daemon), "the recording")
    before = len(keys(daemon))
    daemon.agent.window("editor", 1, title="Notes")
    keyboard.write("secret")
    type_in(daemon, keyboard, "browser", "xyz", "Bank", 2)
    assert len(keys(daemon)) == before + 6
    assert daemon.at_terminal("rules", "remove", "1").code == 0
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    verify(daemon)


def test_no_rule_of_ones_own_loosens_anything(bed, recorder):
    keyboard = bed.add("keyboard", 1)
    daemon = recorder(rules={"vault": "off"}).start(devices=1)
    rules = "".join(f'[[rule]]\napp = "{app}"\nkeys = "full"\ntitles = "full"\n' for app in ("vault", "editor", "*"))
    assert control(daemon, f"rules\n{rules}")[-1] == b"."
    daemon.agent.window("vault", 1, title="Secrets")
    keyboard.write("abc")
    daemon.agent.window("editor", 2, title="Notes")
    keyboard.write("abc")
    daemon.until(lambda rows: rows, "key_counts")
    assert keys(daemon) == [] and not [row for row in daemon.rows("focus") if row.get("app") == "vault"]
    assert {row["title_form"] for row in daemon.rows("focus")} <= {"hash", "off"}


def test_an_hour_that_was_named_comes_and_goes(desk):
    """By the clock on the wall: now and for the next minutes, or at another time."""
    daemon, keyboard = desk
    def span(first: int, last: int) -> str:
        clock = [time.strftime("%H:%M", time.localtime(time.time() + minutes * 60)) for minutes in (first, last)]
        return "-".join(clock)

    assert daemon.at_terminal("rules", "add", "--keys", "off", "--hours", span(60, 120)).code == 0
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    assert "(not now): nothing is recorded" in privacy(daemon)
    assert daemon.at_terminal("rules", "add", "--keys", "off", "--hours", span(-60, 60)).code == 0
    assert "(now): nothing is recorded" in privacy(daemon)
    before = len(keys(daemon))
    keyboard.write("secret")
    assert daemon.at_terminal("rules", "clear").code == 0
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    assert len(keys(daemon)) == before + 6


@pytest.mark.parametrize("text, said", [
    ("nonsense", "your rules:1"), ('[[rule]]\nkeys = "off"\n', "app is missing"),
    ('[[rule]]\napp = "*"\nkeys = "none"\n', 'expected "off", "class" or "full"'),
    ('[[rule]]\napp = "*"\nhours = ["25:00-26:00"]\n', "hours: expected"), ('seat = "x"\n', "unknown key seat")])
def test_rules_that_are_none_change_nothing(desk, text, said):
    daemon, keyboard = desk
    assert daemon.at_terminal("rules", "add", "--app", "browser", "--keys", "off").code == 0
    answer = control(daemon, f"rules\n{text}")
    assert answer[-1][:1] == b"!" and said in answer[-1].decode(), answer
    assert 'app = "browser"' in daemon.at_terminal("rules").output


def test_rules_that_cannot_be_read_record_nothing(desk):
    daemon, keyboard = desk
    assert daemon.at_terminal("rules", "add", "--app", "browser", "--keys", "off").code == 0
    assert daemon.stop() == 0
    (daemon.consents / str(UID) / "rules").write_text("[[rule")
    daemon.process = daemon.launch()
    wait_for(lambda: daemon.status() and "your own rules cannot be read" in reason(daemon), "the reason")
    assert daemon.open_nodes() == {}
    daemon.sit_down()
    assert daemon.at_terminal("rules", "clear").code == 0
    wait_for(lambda: is_recording(daemon), "the recording")


@needs_root
def test_another_users_rules_are_theirs(desk):
    daemon, keyboard = desk
    assert daemon.at_terminal("rules", "add", "--keys", "off", uid=1).code == 0
    type_in(daemon, keyboard, "editor", "abc", "Notes", 1)
    assert "no rules of your own" in daemon.at_terminal("rules").output
    assert 'keys = "off"' in daemon.at_terminal("rules", uid=1).output


# -- two sessions of one user


def test_the_agent_of_another_session_of_the_same_user_is_refused(desk):
    """It would tell of windows that nobody sees."""
    daemon, keyboard = desk
    daemon.agent.close()
    wait_for(lambda: not daemon.status()["agent"], "the agent to be gone")
    seat = f"c{UID}"
    daemon.login.activate(UID, "c77")
    daemon.login.activate(UID, seat)
    other = Agent(daemon.agent_socket, uid=UID, greet=False)
    try:
        # It could have connected before anybody placed it: so a second one, of whose number logind is told first.
        holder = subprocess.Popen(["/usr/bin/python3", "-c", PLACED, str(daemon.agent_socket), str(UID), str(PROTOCOL_VERSION)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        other.close()
        for session, refused in (("c77", True), (seat, False), (None, False)):
            holder.stdout.readline()
            daemon.login.place(holder.pid, session)
            holder.stdin.write("connect\n")
            holder.stdin.flush()
            answer = holder.stdout.readline().strip()
            assert answer.startswith("refused: your session does not have the seat" if refused else "welcome"), (session, answer)
            wait_for(lambda: not daemon.status()["agent"], "it to be gone")
    finally:
        holder.kill()
        holder.wait()


PLACED = """
import os, socket, struct, sys
uid = int(sys.argv[2])
if uid != os.geteuid(): os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
def text(value): return struct.pack("<H", len(value)) + value.encode()
while True:
    print("ready", flush=True)
    if not sys.stdin.readline(): break
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); peer.settimeout(10); peer.connect(sys.argv[1])
    try:
        peer.send(struct.pack("<BH", 1, int(sys.argv[3])) + text("testbed") + text("testbed"))
    except OSError:
        pass
    answer = peer.recv(9000)
    print("welcome" if answer[:1] == b"\\x80" else "refused: " + answer[3:].decode(), flush=True)
    peer.close()
"""


def test_an_agent_of_which_logind_does_not_speak_is_refused(desk):
    daemon, keyboard = desk
    daemon.agent.close()
    wait_for(lambda: not daemon.status()["agent"], "the agent to be gone")
    daemon.login.pause()
    agent = Agent(daemon.agent_socket, uid=UID)
    # logind has five seconds.
    state = wait_for(lambda: (lambda state: state if state["refused"] or state["closed"] else None)(agent.state()), "a refusal", 15)
    assert not daemon.status()["agent"] and state["welcome"] is False
    agent.close()
