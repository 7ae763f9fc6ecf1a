"""The packages with the module for Weston: one for each libweston, as each Debian has it."""

import re
import subprocess

import pytest
from conftest import REPOSITORY, SUITES, package

MODULE = "/usr/lib/x86_64-linux-gnu/weston/kymograph.so"
LIBRARIES = {"bookworm": "libweston-10-0", "trixie": "libweston-14-0"}
# Weston's backend that needs no device. It ends when its socket was there.
LOAD = """
    weston --backend=$1 --shell=kiosk-shell.so --modules=kymograph.so --socket=weston --log=/tmp/log & pid=$!
    for attempt in $(seq 200); do [ -S /run/weston ] && break; sleep 0.05; done
    kill $pid; wait $pid; echo "ended with $?"; cat /tmp/log
"""
BACKENDS = {"bookworm": "headless-backend.so", "trixie": "headless"}


def module(suite: str):
    found = [file for file in (REPOSITORY / ".build/deb").glob("kymograph-weston_*.deb")
             if ("+deb13" in file.name) == (suite == "trixie")]  # fmt: skip
    assert len(found) == 1, f"one package expected for {suite}, found {found}; make deb weston-deb builds them"
    return found[0]


def field(of, name: str) -> str:
    return subprocess.run(["dpkg-deb", "--field", of, name], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("suite", SUITES)
def test_module_is_loaded_by_name_and_goes_with_its_package(empty_root, suite):
    root = empty_root(suite, "weston")
    root.install(package())
    root.install(module(suite))
    said = root.run("ldd", "-r", MODULE)
    assert "not found" not in said and "undefined symbol" not in said
    said = root.run("sh", "-c", LOAD, "sh", BACKENDS[suite])
    assert "kymograph: tells /usr/bin/kymograph-agent which window has the keyboard" in said
    assert "ended with 0" in said, said
    root.run("dpkg", "--purge", "kymograph-weston")
    assert not root.exists(MODULE) and root.exists("/usr/bin/kymograph-agent")


@pytest.mark.parametrize("suite", SUITES)
def test_it_depends_on_one_libweston_and_on_the_recorder_of_its_own_version(suite):
    depends = field(module(suite), "Depends")
    assert re.findall(r"libweston-\d+-\d+", depends) == [LIBRARIES[suite]]
    assert f"kymograph (= {field(package(), 'Version')})" in depends
    assert "libweston" not in field(package(), "Depends"), "it is optional"
