"""What was measured, and how it is shown: one row per figure, beside its reference of the same run."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Figure:
    """What several runs gave."""

    values: list[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        text = f"{number(self.median)} {self.unit}"
        if len(self.values) > 1:
            text += f" ({number(min(self.values))}–{number(max(self.values))})"
        return text


@dataclass
class Row:
    name: str
    ours: Figure | str
    reference: str = ""
    theirs: Figure | None = None
    # Of DESIGN; `limit` is what it says in our unit, where less is better unless `more_is_better`.
    target: str = ""
    limit: float | None = None
    more_is_better: bool = False
    # The limit is one of ours over theirs.
    limits_ratio: bool = False

    @property
    def _ratio(self) -> float | None:
        if isinstance(self.ours, str) or self.theirs is None or self.theirs.median == 0:
            return None
        return self.ours.median / self.theirs.median

    @property
    def ratio(self) -> str:
        return "" if self._ratio is None else f"{self._ratio:.2f}"

    @property
    def verdict(self) -> str:
        if self.limit is None or isinstance(self.ours, str):
            return ""
        value = self._ratio if self.limits_ratio else self.ours.median
        met = value >= self.limit if self.more_is_better else value <= self.limit
        return "met" if met else "**missed**"

    def cells(self) -> list[str]:
        return [self.name, str(self.ours), self.reference, str(self.theirs) if self.theirs else "", self.ratio,
                self.target, self.verdict]


@dataclass
class Section:
    title: str
    rows: list[Row] = field(default_factory=list)
    # Shown under the table, as it is.
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        head = ["figure", "ours: median (least–most)", "reference", "reference: median (least–most)", "ours / reference",
                "target", ""]
        lines = [f"## {self.title}", ""]
        if self.rows:
            lines += [line(head), line(["---"] * len(head))]
            lines += [line(row.cells()) for row in self.rows] + [""]
        for note in self.notes:
            lines += [note, ""]
        return "\n".join(lines)


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """Three digits that mean something."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"
