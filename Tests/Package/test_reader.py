"""kymograph-reader: who may not open the journal's directory reads through it, and each access leaves a line.

In a root, with the capability and the user that the unit gives it; the units themselves are started in the virtual machine.
"""

import re
import subprocess
import time

import pytest
from conftest import REPOSITORY, Root, package

JOURNAL = "var/lib/kymograph/journal"
LOG = "var/lib/kymograph/access.log"
PEOPLE = {"ada": "the one who is recorded", "rita": "in kymograph-readers", "otto": "nobody in particular"}


class Service:
    """systemd-socket-activate in systemd's place: a process for each connection, with what the unit gives it."""

    def __init__(self, root: Root):
        self.root = root
        self.path = root.path / LOG
        self.process = subprocess.Popen(
            ["chroot", root.path, "systemd-socket-activate", "--accept", "--inetd", "--seqpacket",
             "--listen=/run/kymograph/reader.sock", "setpriv", "--reuid=kymograph-reader", "--regid=kymograph-reader", "--clear-groups", "--no-new-privs",
             "--bounding-set=-all,+dac_read_search", "--inh-caps=-all,+dac_read_search",
             "--ambient-caps=-all,+dac_read_search", "/usr/libexec/kymograph-reader"],
            stdout=subprocess.DEVNULL, stderr=root.work.joinpath("reader.err").open("wb"), env={"PATH": "/usr/sbin:/usr/bin"})
        socket = root.path / "run/kymograph/reader.sock"
        deadline = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.02)
        # As kymograph-reader.socket has it.
        root.run("chgrp", "kymograph-readers", "/run/kymograph/reader.sock")
        socket.chmod(0o660)

    def close(self):
        self.process.kill()
        self.process.wait()
        (self.root.path / "run/kymograph/reader.sock").unlink()

    def log(self) -> list[str]:
        return self.path.read_text().splitlines()


@pytest.fixture(scope="module")
def root():
    root = Root("bookworm")
    root.install(package())
    for name in PEOPLE:
        root.run("useradd", "--no-create-home", name)
    root.run("usermod", "--append", "--groups", "kymograph-readers", "rita")
    made = root.path / "made"
    made.mkdir()
    subprocess.run([REPOSITORY / ".build/release/make-journal", made, "3", "1", "0"], check=True, stdout=subprocess.DEVNULL)
    root.run("install", "-d", "-m", "700", "-o", "kymograph", "-g", "kymograph", "/var/lib/kymograph", f"/{JOURNAL}")
    root.run("sh", "-c", f"install -m 600 -o kymograph -g kymograph /made/* /{JOURNAL}/")
    yield root
    root.close()


@pytest.fixture
def service(root):
    service = Service(root)
    yield service
    service.close()
    service.path.write_text("")


def kymo(root, user, *arguments):
    return root.try_("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "kymo", *arguments)


def test_a_reader_reads_what_root_reads(root, service):
    for command in (["show", "--output", "json", "--kind", "clock,recorder"], ["journal", "list"], ["tail", "-n", "3"],
                    ["export", "csv", "--kind", "recorder"]):
        own, asked = root.try_("kymo", *command), kymo(root, "rita", *command)
        assert (asked.returncode, asked.stdout, asked.stderr) == (own.returncode, own.stdout, own.stderr)
        assert asked.stdout
    assert len(service.log()) == 4, "root opens the directory, and needs nobody"


@pytest.mark.parametrize("user", ["ada", "otto"])
def test_others_cannot_even_ask_and_are_told_why(root, service, user):
    done = kymo(root, user, "show")
    assert done.returncode == 2 and done.stdout == "" and "the journal is closed to you: members of" in done.stderr
    assert service.log() == [], "nothing was read"


def test_without_the_service_one_is_told_what_starts_it(root):
    done = kymo(root, "rita", "show")
    assert done.returncode == 2 and "systemctl start kymograph-reader.socket" in done.stderr


def test_who_leaves_the_group_reads_no_more(root, service):
    root.run("gpasswd", "--delete", "rita", "kymograph-readers")
    try:
        # The process has the group still.
        groups = root.run("getent", "group", "kymograph-readers").split(":")[2]
        done = root.try_("setpriv", "--reuid=rita", "--regid=rita", f"--groups={groups}", "kymo", "show")
        assert done.returncode == 2 and done.stdout == "" and "no longer, in the group" in done.stderr
        assert service.log() == []
    finally:
        root.run("usermod", "--append", "--groups", "kymograph-readers", "rita")


def test_each_access_is_one_line_that_readers_cannot_write(root, service):
    kymo(root, "rita", "show", "--since", "10 min ago\nroot")
    assert len(service.log()) == 1
    line = service.log()[0]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z role=reader uid=\d+ pid=\d+ user=rita kymo show --since ", line)
    assert r"'10 min ago\u{a}root'" in line
    for user in PEOPLE:
        for attempt in ("cat", "truncate -s 0", "tee -a"):
            done = root.try_("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sh", "-c",
                             f"{attempt} /{LOG} < /dev/null")
            assert done.returncode != 0
    assert service.log() == [line]


def test_the_service_may_add_to_the_list_and_no_more(root):
    """Neither read it nor take a line away, for want of the directory; the recorder owns it."""
    assert root.run("stat", "-c", "%U:%G %a", f"/{LOG}") == "kymograph:kymograph-reader 620\n"
    assert root.run("stat", "-c", "%U:%G %a", "/var/lib/kymograph") == "kymograph:kymograph 700\n"


def test_root_sees_the_list(root, service):
    kymo(root, "rita", "devices")
    assert root.run("kymo", "access").splitlines() == service.log() != []


def without_list(root):
    (root.path / LOG).rename(root.path / "moved")
    return lambda: (root.path / "moved").rename(root.path / LOG)


def foreign_list(root):
    root.run("chgrp", "root", f"/{LOG}")
    return lambda: root.run("chgrp", "kymograph-reader", f"/{LOG}")


def full_disk(root):
    """Room for 40 bytes of the next line."""
    root.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt")
    root.run("sh", "-c", f"head -c 4056 /dev/zero | tr '\\0' '\\n' > /mnt/log && chown kymograph:kymograph-reader /mnt/log "
             f"&& chmod 620 /mnt/log && mount --bind /mnt/log /{LOG}")
    return lambda: root.run("umount", f"/{LOG}", "/mnt")


@pytest.mark.parametrize("trouble, said", [
    (without_list, "No such file"), (foreign_list, "Permission denied"), (full_disk, "No space left")])
def test_what_cannot_be_written_down_is_not_read(root, service, trouble, said):
    mend = trouble(root)
    try:
        done = kymo(root, "rita", "show")
        assert done.returncode == 2 and done.stdout == "" and "is not read" in done.stderr and said in done.stderr
        if trouble is full_disk:
            assert (root.path / LOG).stat().st_size == 4056, "what fitted was taken back"
    finally:
        mend()
    assert kymo(root, "rita", "show").returncode == 0


@pytest.mark.parametrize("arguments", [
    ["export", "csv", "--file", "/tmp/x.csv"], ["export", "csv", "--cursor-file", "/tmp/at"]])
def test_no_file_is_written_on_anybodys_behalf(root, service, arguments):
    done = kymo(root, "rita", *arguments)
    assert done.returncode == 2 and "is not possible here" in done.stderr
    assert not root.exists(arguments[-1])


def test_other_files_are_not_read(root, service):
    """The service could: its capability opens any file. It is asked without kymo's own checks."""
    asked = """
import array, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect('/run/kymograph/reader.sock')
packet = b'\\0'.join([b'kymograph-reader 1', b'plain', *[a.encode() for a in sys.argv[1:]], b''])
s.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1, 2]))])
print(s.recv(4096))
"""
    for arguments in (["show", "--journal", "/root"], ["show", "--journal=/root"], ["journal", "vacuum", "--age", "0d"], ["status"]):
        done = subprocess.run(
            ["/usr/bin/python3", "-c", asked.replace("/run/kymograph", f"{root.path}/run/kymograph"), *arguments],
            capture_output=True, text=True, check=True)
        assert done.stdout.startswith("b'\\x01"), done.stdout
    segments = sorted((root.path / JOURNAL).iterdir())
    assert len([one for one in segments if one.suffix == ".lz4"]) == 4


def test_it_ends_when_the_one_who_asked_does(root, service):
    follower = subprocess.Popen(
        ["chroot", root.path, "setpriv", "--reuid=rita", "--regid=rita", "--init-groups", "kymo", "tail", "-f"],
        stdout=subprocess.PIPE, env={"PATH": "/usr/sbin:/usr/bin"})
    assert follower.stdout.readline()

    def running():
        listed = subprocess.run(["pgrep", "-u", str(int(root.run("id", "-u", "kymograph-reader"))), "-x", "kymo"],
                                capture_output=True, text=True).stdout.split()
        return listed

    assert len(running()) == 1
    follower.kill()
    follower.wait()
    deadline = time.monotonic() + 10
    while running():
        assert time.monotonic() < deadline, "it reads on for nobody"
        time.sleep(0.05)
