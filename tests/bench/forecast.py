"""Measure the default forecaster on a folder of traces: `python -m tests.bench.forecast DIR`.

Every column of every CSV file with at least five days is a series. The horizon is 60 min, 6 h for
hourly series; origins are 15 min or one step apart, after the first third of the series.
Parameters were tuned on the files at odd places in alphabetical order; the others are held out.
That rule alone tells files apart, so it holds for any folder.
"""

import csv
import gzip
import math
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs
import numpy as np

from forecasting.bootstrap import coverage_interval, skill_interval
from forecasting.evaluation import COMBINED, Backtest, backtest
from forecasting.forecast import ForecastSpec
from forecasting.forecaster import Forecaster
from forecasting.prepared import DAY
from forecasting.scores import calibration, score
from forecasting.series import Series, on_grid

_LEAST = 5 * DAY
_HOUR = 3_600


@attrs.frozen(kw_only=True)
class Line:
    """One series in the table."""

    name: str
    tuned: bool
    result: Backtest
    seconds: float

    @property
    def ratio(self) -> float:
        """Mean absolute error over that of reactive: the ratio of their MASE."""
        return 1.0 - score(self.result).skill

    @property
    def ratio_to_last(self) -> float:
        """The same against the last value instead of the 5-min mean."""
        last = "last" if "last" in self.result.names else "reactive"
        return self.ratio / (1.0 - score(self.result, name=last).skill)

    @property
    def hindsight(self) -> float:
        """The same for this series' best candidate, which nobody knew beforehand."""
        return min(1.0 - score(self.result, name=name).skill for name in self.result.names[1:])

    @property
    def coverage(self) -> float:
        """Share of window maxima within their bound."""
        return calibration(self.result).coverage


def read(path: Path) -> Iterator[tuple[str, Series]]:
    """Yield the series of one file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    times = np.array([_seconds(row[0]) for row in rows], dtype=np.int64)
    step = int(np.median(np.diff(times)))
    for column, name in enumerate(header[1:], start=1):
        values = np.array([float(row[column]) if row[column] else math.nan for row in rows])
        series = on_grid(times - times[0] % step, values, step=step)
        if series.end - series.start >= _LEAST:
            yield f"{path.name.split('.')[0]}:{name}", series


def _seconds(text: str) -> int:
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def lines(folder: Path) -> Iterator[Line]:
    """Yield the measured series of a folder."""
    found = [(path, list(read(path))) for path in sorted(folder.glob("*.csv*"))]
    for place, (_, columns) in enumerate(pair for pair in found if pair[1]):
        for name, series in columns:
            horizon = _HOUR if series.step < _HOUR else 6 * series.step
            spec = ForecastSpec(horizon=horizon, window=horizon)
            started = time.perf_counter()
            result = backtest(series, forecaster=Forecaster(spec=spec))
            yield Line(
                name=name,
                tuned=place % 2 == 0,
                result=result,
                seconds=time.perf_counter() - started,
            )


def show(line: Line) -> str:
    """Return one row of the table."""
    skill, coverage = skill_interval(line.result), coverage_interval(line.result)
    held = calibration(line.result)
    return (
        f"{line.name[:52]:52} {'tuned' if line.tuned else 'held'} {line.result.times.size:5}"
        f" {score(line.result).mase:7.3f} {line.ratio:6.3f}"
        f" [{1 - skill.high:.3f} {1 - skill.low:.3f}]"
        f" {line.ratio_to_last:6.3f} {line.result.skilled.mean():5.2f}"
        f" {held.coverage:6.3f} [{coverage.low:.3f} {coverage.high:.3f}] {line.seconds:6.2f}"
    )


def summarize(label: str, chosen: Sequence[Line]) -> str:
    """Return the figures of one half of the traces."""
    pinballs = {
        name: _geometric([calibration(line.result, name=name).pinball for line in chosen])
        for name in set.intersection(*(set(line.result.names) for line in chosen))
    }
    combined = pinballs.pop(COMBINED)
    best = min(pinballs, key=pinballs.__getitem__)
    ratios = [line.ratio for line in chosen]
    to_last = [line.ratio_to_last for line in chosen]
    hindsight = [line.hindsight for line in chosen]
    coverages = [line.coverage for line in chosen]
    within = sum(0.885 <= coverage <= 0.915 for coverage in coverages)
    return (
        f"{label:6} {len(chosen)} series: ratio to reactive {_geometric(ratios):.4f}"
        f" (worst {max(ratios):.3f}; each one's best in hindsight {_geometric(hindsight):.4f}),"
        f" to the last value {_geometric(to_last):.4f};"
        f" coverage {min(coverages):.3f}-{max(coverages):.3f}, {within} within 0.885-0.915;"
        f" pinball against the best candidate ({best}) {combined / pinballs[best]:.4f}"
    )


def _geometric(values: Sequence[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def cost(days: int = 28) -> str:
    """Return what 28 days of 1-min data cost: seconds to fit, update and predict, and memory."""
    minutes = days * 1_440
    clock = np.arange(minutes)
    rate = 300 + 200 * np.sin(2 * np.pi * clock / 1_440) + 50 * np.sin(2 * np.pi * clock / 10_080)
    series = Series(
        start=0, step=60, values=np.random.default_rng(0).poisson(rate).astype(np.float64)
    )
    forecaster = Forecaster()
    started = time.perf_counter()
    fitted = forecaster.fit(series.slice(0, minutes - 1))
    fit = time.perf_counter()
    updated = fitted.update(series.slice(0, minutes - 1))
    update = time.perf_counter()
    updated.predict()
    predict = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{days} d of 1-min data: fit {fit - started:.3f} s, update {1e3 * (update - fit):.1f} ms,"
        f" predict {1e3 * (predict - update):.1f} ms, peak memory {peak:.0f} MB"
    )


def say(line: str) -> None:
    """Print one line at once: a long run shows how far it is."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: str) -> None:
    """Print the table."""
    say(cost())
    say(f"{'series':52} half   origins MASE  ratio [95 %]  to last  gate  coverage [95 %]  seconds")
    measured: list[Line] = []
    for line in lines(Path(folder)):
        measured.append(line)
        say(show(line))
    for label, chosen in (
        ("tuned", [line for line in measured if line.tuned]),
        ("held", [line for line in measured if not line.tuned]),
        ("all", measured),
    ):
        if chosen:
            say(summarize(label, chosen))


if __name__ == "__main__":
    main(sys.argv[1])
