"""Figures and checks, printed as they come and as a table at the end."""


class Report:
    def __init__(self):
        self.figures, self.checks = [], []

    def figure(self, name, value):
        self.figures.append((name, value))
        print(f"  {name}: {value}")

    def check(self, name, holds, detail=""):
        self.checks.append((name, bool(holds)))
        print(f"{'ok  ' if holds else 'FAIL'} {name}" + (f"  ({detail})" if detail and not holds else ""))

    def end(self):
        width = max(len(name) for name, _ in self.figures) if self.figures else 0
        print("\n" + "\n".join(f"{name:<{width}}  {value}" for name, value in self.figures))
        failed = [name for name, holds in self.checks if not holds]
        print(f"\n{len(self.checks) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed or not self.checks else 0
