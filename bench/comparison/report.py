"""What was measured, as lines of a table or as JSON."""
import dataclasses
import json
import statistics
import sys


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of Muster next to the reference's; `limit` is the largest ratio that the project allows itself."""

    name: str
    muster: float
    reference: float
    unit: str
    limit: float | None = None

    @property
    def ratio(self):
        return self.muster / self.reference if self.reference else None

    def to_json(self):
        out = {"name": self.name, "muster": round(self.muster, 2), "reference": round(self.reference, 2)}
        out["ratio"] = None if self.ratio is None else round(self.ratio, 3)
        out["unit"] = self.unit
        if self.limit is not None:
            out["limit"] = self.limit
        return json.dumps(out)

    def to_text(self):
        verdict = ""
        if self.limit is not None and self.ratio is not None:
            verdict = f"{self.limit:>7.2f}  {'met' if self.ratio <= self.limit else 'missed'}"
        ratio = "" if self.ratio is None else f"{self.ratio:.3f}"
        return f"{self.name:<44} {self.muster:>12.1f} {self.reference:>12.1f} {self.unit:<12} {ratio:>7} {verdict}"


class Report:
    """Writes figures as they come."""

    def __init__(self, as_json):
        self.as_json = as_json

    def heading(self, title, reference="nginx"):
        if not self.as_json:
            print(f"\n{title}\n{'':<44} {'muster':>12} {reference:>12} {'unit':<12} {'ratio':>7} {'limit':>7}", flush=True)

    def add(self, figure):
        print(figure.to_json() if self.as_json else figure.to_text(), flush=True)


def progress(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def median_figure(name, muster, reference, unit, limit=None):
    """The medians of interleaved rounds."""
    return Figure(name, statistics.median(muster), statistics.median(reference), unit, limit)
