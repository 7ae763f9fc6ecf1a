"""Debian roots with the package in them, thrown away after each test."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SUITES = ("bookworm", "trixie")
FIGURES: list[str] = []


def pytest_terminal_summary(terminalreporter):
    """One line that CI adds up; figures that tests found stand above it."""
    counts = {name: len(terminalreporter.getreports(name)) for name in ("passed", "failed", "error", "skipped")}
    for line in FIGURES:
        terminalreporter.write_line(line)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    terminalreporter.write_line(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed{skipped}")


class Root:
    """A Debian that runs no service manager, as an image is when configuration management builds it."""

    def __init__(self, suite: str, more: str = ""):
        self.suite = suite
        pristine = subprocess.run([REPOSITORY / "Tests/Package/root.sh", suite, more], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout.strip()
        self.work = Path(tempfile.mkdtemp(prefix="kymo-root-"))
        self.path = self.work / "root"
        subprocess.run(["cp", "-a", "--reflink=auto", pristine, self.path], check=True)
        self.work.chmod(0o755)
        subprocess.run(["mount", "-t", "proc", "proc", self.path / "proc"], check=True)

    def close(self):
        subprocess.run(["umount", self.path / "proc"], check=True)
        shutil.rmtree(self.work)

    def try_(self, *command: str) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8",
                       "HOME": "/root", "XDG_RUNTIME_DIR": "/run"}
        return subprocess.run(["chroot", self.path, *command], env=environment, capture_output=True, text=True)

    def run(self, *command: str) -> str:
        """Standard output and error of a command that must succeed."""
        done = self.try_(*command)
        assert done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.path / path.lstrip("/"))

    def install(self, package: Path) -> str:
        shutil.copy(package, self.path / "package.deb")
        said = self.run("dpkg", "--force-unsafe-io", "--install", "/package.deb")
        (self.path / "package.deb").unlink()
        return said


def package() -> Path:
    found = list((REPOSITORY / ".build/deb").glob("kymograph_*.deb"))
    assert len(found) == 1, f"one package expected in .build/deb, found {found}; make deb builds it"
    return found[0]


def older(directory: Path) -> Path:
    """The same package under an older version, with one file that the newer one does not have."""
    tree = directory / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", package(), tree], check=True)
    control = tree / "DEBIAN/control"
    lines = ["Version: 0.0.9" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    (tree / "usr/share/doc/kymograph/only-in-the-older-one").write_text("gone after the upgrade\n")
    built = directory / "older.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--build", "--root-owner-group", tree, built], check=True, stdout=subprocess.DEVNULL)
    return built


@pytest.fixture
def empty_root():
    """Makes roots without the package."""
    made: list[Root] = []

    def make(suite: str, more: str = "") -> Root:
        made.append(Root(suite, more))
        return made[-1]

    yield make
    for root in made:
        root.close()


@pytest.fixture(scope="module", params=SUITES)
def installed(request):
    """A root with the package, for tests that change nothing in it."""
    root = Root(request.param)
    root.said = root.install(package())
    yield root
    root.close()
