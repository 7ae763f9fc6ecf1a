"""The package with the module for Weston, which is another one for each libweston: here Debian 12's."""

import re
import subprocess

from conftest import package

MODULE = "/usr/lib/x86_64-linux-gnu/weston/kymograph.so"
# Weston's backend that needs no device. It ends when its socket was there.
LOAD = """
    weston --backend=headless-backend.so --shell=kiosk-shell.so --modules=kymograph.so --socket=weston --log=/tmp/log & pid=$!
    for attempt in $(seq 200); do [ -S /run/weston ] && break; sleep 0.05; done
    kill $pid; wait $pid; echo "ended with $?"; cat /tmp/log
"""


def field(name: str) -> str:
    command = ["dpkg-deb", "--field", package("kymograph-weston"), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_module_is_loaded_by_name_and_goes_with_its_package(empty_root):
    root = empty_root("bookworm", "weston")
    root.install(package())
    root.install(package("kymograph-weston"))
    said = root.run("ldd", "-r", MODULE)
    assert "not found" not in said and "undefined symbol" not in said
    said = root.run("sh", "-c", LOAD)
    assert "kymograph: tells /usr/bin/kymograph-agent which window has the keyboard" in said
    assert "ended with 0" in said, said
    root.run("dpkg", "--purge", "kymograph-weston")
    assert not root.exists(MODULE) and root.exists("/usr/bin/kymograph-agent")


def test_it_depends_on_one_libweston_and_on_the_recorder_of_its_own_version():
    depends = field("Depends")
    assert re.search(r"\blibweston-10-0 \(", depends) and f"kymograph (= {field('Version')})" in depends
    assert not re.search(r"(Recommends|Suggests|Depends):.*libweston", subprocess.run(
        ["dpkg-deb", "--info", package()], check=True, capture_output=True, text=True).stdout), "it is optional"
