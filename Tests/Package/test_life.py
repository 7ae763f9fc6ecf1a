"""Upgrade keeps what was recorded and decided, remove keeps it and says so, purge takes it away and says so."""

import pytest
from conftest import SUITES, older, package

JOURNAL = "var/lib/kymograph/journal"
SEGMENT = f"{JOURNAL}/kymograph-0000000001.lz4"
CONFIGURATION = "etc/kymograph/kymograph.toml"
SITE = "etc/kymograph/kymograph.toml.d/site.toml"


def record(root) -> None:
    """As after a day's work: a journal, a changed configuration, and a drop-in."""
    root.run("install", "-d", "-o", "kymograph", "-g", "kymograph", "-m", "700", "/var/lib/kymograph", f"/{JOURNAL}")
    (root.path / SEGMENT).write_bytes(b"a segment")
    with (root.path / CONFIGURATION).open("a") as file:
        file.write("# decided here\n")
    (root.path / SITE).parent.mkdir(exist_ok=True)
    (root.path / SITE).write_text('seat = "seat0"\n')


def is_kept(root) -> bool:
    return ((root.path / SEGMENT).read_bytes() == b"a segment"
            and (root.path / CONFIGURATION).read_text().endswith("# decided here\n") and (root.path / SITE).exists())


@pytest.mark.parametrize("suite", SUITES)
def test_upgrade_remove_purge(empty_root, suite, tmp_path):
    root = empty_root(suite)
    root.install(older(tmp_path))
    before = root.run("find", "/etc", "/usr", "/var", "-name", "*only-in-the-older-one*")
    record(root)

    said = root.install(package())
    assert "Unpacking kymograph" in said and "over (0.0.9)" in said
    assert is_kept(root)
    assert before and not root.run("find", "/etc", "/usr", "/var", "-name", "*only-in-the-older-one*")
    assert root.exists("/etc/systemd/system/kymograph.target.wants/kymographd.service")

    said = root.run("dpkg", "--remove", "kymograph")
    assert "stays in /var/lib/kymograph" in said
    assert is_kept(root)
    assert not root.exists("/usr/bin/kymo")

    said = root.run("dpkg", "--purge", "kymograph")
    assert "deleting what was recorded: /var/lib/kymograph" in said
    left = root.run("find", "/etc", "/usr", "/var", "/run", "-iname", "*kymo*").split()
    # Debian keeps users, so that files of theirs elsewhere do not become somebody else's.
    assert left == []
    assert "kymograph" in root.run("getent", "passwd", "kymograph")


@pytest.mark.parametrize("suite", SUITES)
def test_disabled_stays_disabled_over_an_upgrade(empty_root, suite, tmp_path):
    root = empty_root(suite)
    root.install(older(tmp_path))
    root.run("systemctl", "disable", "kymographd.service")
    root.install(package())
    assert not root.exists("/etc/systemd/system/kymograph.target.wants/kymographd.service")
