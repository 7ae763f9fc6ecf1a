"""What the guest's tests judge with is tested itself, without a guest."""


def pytest_terminal_summary(terminalreporter):
    """One line that CI adds up."""
    counts = {name: len(terminalreporter.getreports(name)) for name in ("passed", "failed", "error")}
    terminalreporter.write_line(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed")
