import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from agent import Agent  # noqa: E402
from bed import FIGURES, Bed, Recorder, subject  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


def pytest_terminal_summary(terminalreporter):
    """One line that CI adds up; figures that tests measured stand above it."""
    counts = {name: len(terminalreporter.getreports(name)) for name in ("passed", "failed", "error", "skipped")}
    for line in FIGURES:
        terminalreporter.write_line(line)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    terminalreporter.write_line(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed{skipped}")


@pytest.fixture
def bed():
    bed = Bed()
    yield bed
    bed.close()


@pytest.fixture
def recorder(bed, request):
    """Makes recorders. At the end each is stopped, and whatever it wrote must be what it is said to be: LZ4 frames."""
    made: list[Recorder] = []

    def make(**options) -> Recorder:
        made.append(Recorder(bed, **options))
        return made[-1]

    yield make
    failed = getattr(request.node, "report_call", None)
    for recorder in made:
        recorder.close()
        for segment in recorder.segments():
            tested = subprocess.run(["lz4", "-t", str(segment)], capture_output=True, text=True)
            assert tested.returncode == 0, f"lz4 -t {segment}: {tested.stderr}"
        if failed is None or failed.failed:
            print(f"\n{recorder.directory} is kept; its log:\n{recorder.log if recorder.log_path.exists() else '-'}")
        else:
            recorder.discard()


@pytest.fixture
def agent():
    """The agent of whoever sits at a recorder; with options, another one."""
    made: list[Agent] = []

    def make(recorder: Recorder, **options) -> Agent:
        if not options:
            return recorder.agent if recorder.agent and recorder.agent.is_there else recorder.sit_down()
        made.append(Agent(recorder.agent_socket, **{"uid": subject().pw_uid, **options}))
        return made[-1]

    yield make
    for agent in made:
        agent.close()
