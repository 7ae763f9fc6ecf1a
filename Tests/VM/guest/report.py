"""Figures and checks, printed as they come and as a table at the end."""


class Report:
    def __init__(self):
        self.figures, self.checks = [], []

    def figure(self, name, value):
        self.figures.append((name, value))
        print(f"  {name}: {value}")

    def check(self, name, holds, detail=""):
        line = f"{'ok  ' if holds else 'FAIL'} {name}" + (f"  ({detail})" if detail and not holds else "")
        self.checks.append((line, bool(holds)))
        print(line)

    def end(self):
        width = max(len(name) for name, _ in self.figures) if self.figures else 0
        print("\n" + "\n".join(f"{name:<{width}}  {value}" for name, value in self.figures))
        failed = [line for line, holds in self.checks if not holds]
        # Again, so that whoever sees only the end of a long log sees what failed.
        print("".join(f"\n{line}" for line in failed))
        print(f"\n{len(self.checks) - len(failed)} passed, {len(failed)} failed")
        return 1 if failed or not self.checks else 0
