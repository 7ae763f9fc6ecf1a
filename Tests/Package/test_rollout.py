"""docs/OPERATIONS.md's play, by Ansible itself, in a root that is being made: it works, and a second time changes nothing."""

import re
import shutil

from conftest import REPOSITORY, package


def recap(said: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", said.split("PLAY RECAP")[1])}


def test_play(empty_root):
    root = empty_root("bookworm", "ansible-core,python3-apt")
    shutil.copy(package(), root.path / "kymograph.deb")
    shutil.copy(REPOSITORY / "packaging/ansible/kymograph.yml", root.path / "kymograph.yml")
    command = ("ansible-playbook", "-i", "localhost,", "-c", "local", "-e", "package=/kymograph.deb", "/kymograph.yml")
    first = recap(root.run(*command))
    assert first["failed"] == 0 and first["changed"] >= 3
    assert root.run("kymographd", "--check-config") == "/etc/kymograph/kymograph.toml: ok\n"
    assert 'app = "org.keepassxc.KeePassXC"\nkeys = "off"\n' in (
        root.path / "etc/kymograph/kymograph.toml.d/50-company.toml").read_text()
    assert (root.path / "etc/kymograph/notice.md").read_text().startswith("# Kymograph records")
    second = recap(root.run(*command))
    assert second["failed"] == second["changed"] == 0
