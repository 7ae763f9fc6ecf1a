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


KEY = "/org/gnome/shell/enabled-extensions"
BOTH = "['kymograph@kymograph.org', 'kymograph-legacy@kymograph.org']\n"


def test_extension_is_switched_on_by_default_and_can_be_locked(empty_root):
    root = empty_root("bookworm", "dconf-cli")
    root.install(package())
    assert root.run("dconf", "read", KEY) == BOTH
    locks = root.path / "etc/dconf/db/kymograph.d/locks/00-gnome-shell"
    assert root.run("dconf", "list-locks", "/org/gnome/shell/") == ""
    locks.write_text(locks.read_text().replace(f"#{KEY}", KEY))
    root.run("dconf", "update")
    assert root.run("dconf", "list-locks", "/org/gnome/shell/") == f"{KEY}\n"
    root.run("dpkg", "--remove", "kymograph")
    assert root.run("dconf", "read", KEY) == "", "nothing is switched on that is not there"
    root.run("dpkg", "--purge", "kymograph")
    assert root.run("find", "/etc", "/usr", "/var", "-iname", "*kymo*") == ""


def test_a_profile_of_the_administrators_stays(empty_root):
    root = empty_root("bookworm", "dconf-cli")
    profile = root.path / "etc/dconf/profile/user"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text("user-db:user\n")
    root.install(package())
    assert root.run("dconf", "read", KEY) == ""
    profile.write_text("user-db:user\nsystem-db:kymograph\n")
    assert root.run("dconf", "read", KEY) == BOTH


@pytest.mark.parametrize("suite", SUITES)
def test_disabled_stays_disabled_over_an_upgrade(empty_root, suite, tmp_path):
    root = empty_root(suite)
    root.install(older(tmp_path))
    root.run("systemctl", "disable", "kymographd.service")
    root.install(package())
    assert not root.exists("/etc/systemd/system/kymograph.target.wants/kymographd.service")
