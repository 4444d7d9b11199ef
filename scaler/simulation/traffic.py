"""Deterministic arrivals: how many requests a second at second t, and which requests those are."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from attrs import field, frozen
from attrs.validators import gt

from scaler.simulation.request import Request

Shape = Callable[[float], float]
"""Requests per second at Unix second t."""


def constant(rate: float) -> Shape:
    """Return the same rate for ever."""
    return lambda t: rate


def step(before: float, *, after: float, at: float) -> Shape:
    """Return a rate that jumps from `before` to `after` at second `at`."""
    return lambda t: before if t < at else after


def ramp(before: float, *, after: float, start: float, stop: float) -> Shape:
    """Return a rate that goes in a straight line from `before` at `start` to `after` at `stop`."""

    def rate(t: float) -> float:
        share = min(1.0, max(0.0, (t - start) / (stop - start)))
        return before + (after - before) * share

    return rate


def spike(base: float, *, peak: float, at: float, duration: float) -> Shape:
    """Return `base`, but `peak` for `duration` seconds from `at` on."""
    return lambda t: peak if at <= t < at + duration else base


def daily(low: float, *, high: float, period: float = 86_400.0, midnight: float = 0.0) -> Shape:
    """Return a day with a peak before noon, a higher one in the evening, and a quiet night.

    `low` is the rate of the quietest hour, `high` that of the evening peak (both within 1 % of
    `high`). A "day" lasts `period` seconds; one of them begins at second `midnight`.
    """

    def rate(t: float) -> float:
        hour = ((t - midnight) / period % 1.0) * 24
        shape = 0.8 * _bump(hour, at=10.5, width=2.2) + _bump(hour, at=20.0, width=2.0)
        return low + (high - low) * shape

    return rate


def _bump(hour: float, *, at: float, width: float) -> float:
    """Return a bell of height 1 at hour `at` on the 24 hours of a clock."""
    distance = min(abs(hour - at), 24 - abs(hour - at))
    return math.exp(-0.5 * (distance / width) ** 2)


def noisy(shape: Shape, *, seed: int, sigma: float = 0.2, slot: float = 10.0) -> Shape:
    """Return `shape` times a lognormal factor of mean 1 that changes from slot to slot.

    A factor is drawn at each multiple of `slot` seconds and joined to the next in a straight line;
    `sigma` is the standard deviation of its logarithm. It depends on seed and time only, so any
    stretch of time can be asked in any order.
    """

    def factor(number: int) -> float:
        draw = float(np.random.default_rng((seed, number)).standard_normal())
        return math.exp(sigma * draw - sigma**2 / 2)

    def rate(t: float) -> float:
        number = math.floor(t / slot)
        share = t / slot - number
        return shape(t) * ((1 - share) * factor(number) + share * factor(number + 1))

    return rate


def scaled(shape: Shape, *, factor: float) -> Shape:
    """Return `shape` times `factor`."""
    return lambda t: factor * shape(t)


def shifted(shape: Shape, *, start: float) -> Shape:
    """Return `shape` with its second 0 moved to second `start`."""
    return lambda t: shape(t - start)


def total(*shapes: Shape) -> Shape:
    """Return the sum of `shapes`."""
    return lambda t: sum(shape(t) for shape in shapes)


def points(table: Sequence[tuple[float, float]]) -> Shape:
    """Return straight lines through (second, rate) points, as a trace has them; flat outside.

    Raises:
        ValueError: there is no point, or a time does not follow the one before it.
    """
    if not table or any(later <= earlier for (earlier, _), (later, _) in pairwise(table)):
        raise ValueError("points: need at least one, with strictly increasing times")
    times = [time for time, _ in table]
    rates = [rate for _, rate in table]

    def rate(t: float) -> float:
        after = bisect_right(times, t)
        if after == 0 or after == len(times):
            return rates[max(0, after - 1)]
        share = (t - times[after - 1]) / (times[after] - times[after - 1])
        return rates[after - 1] + (rates[after] - rates[after - 1]) * share

    return rate


@frozen(kw_only=True)
class Lengths:
    """Lognormal token counts of prompts and outputs; the defaults resemble chat traffic."""

    prompt_mean: float = field(default=1000.0, validator=gt(0))
    output_mean: float = field(default=200.0, validator=gt(0))
    prompt_sigma: float = 0.8
    """Standard deviation of the logarithm; 0 makes every prompt equally long."""
    output_sigma: float = 0.6
    prompt_max: int = 16_384
    """Longer draws are cut to this, as a client's context limit does."""
    output_max: int = 4_096

    def draw(self, rng: np.random.Generator, *, size: int) -> tuple[list[int], list[int]]:
        """Return `size` prompt lengths and as many output lengths, each at least 1."""
        prompts = _lognormal(rng, mean=self.prompt_mean, sigma=self.prompt_sigma, size=size)
        outputs = _lognormal(rng, mean=self.output_mean, sigma=self.output_sigma, size=size)
        return (
            np.clip(prompts, 1, self.prompt_max).astype(int).tolist(),
            np.clip(outputs, 1, self.output_max).astype(int).tolist(),
        )


def _lognormal(
    rng: np.random.Generator, *, mean: float, sigma: float, size: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.rint(rng.lognormal(math.log(mean) - sigma**2 / 2, sigma, size))


CHAT = Lengths()


class Traffic(Protocol):
    """Requests as a function of time."""

    def between(self, *, start: float, stop: float) -> Sequence[Request]:
        """Return the requests that arrive in [start, stop), in the order of time."""


class Poisson:
    """Poisson arrivals with `shape` as their rate; a negative rate counts as 0.

    A second's requests depend on shape, seed and that second alone, so any two stretches of time
    agree wherever they overlap, and time has neither a beginning nor an end.
    """

    def __init__(self, shape: Shape, *, seed: int, lengths: Lengths = CHAT) -> None:
        self._shape = shape
        self._seed = seed
        self._lengths = lengths
        self._drawn: dict[int, Sequence[Request]] = {}

    def between(self, *, start: float, stop: float) -> Sequence[Request]:
        """Return the requests that arrive in [start, stop), in the order of time.

        Raises:
            ValueError: the rate is not finite at some second.
        """
        return [
            request
            for second in range(math.floor(start), math.ceil(stop))
            for request in self._second(second)
            if start <= request.at < stop
        ]

    def _second(self, second: int) -> Sequence[Request]:
        # Short steps ask for the same second many times in a row.
        if second not in self._drawn:
            self._drawn = {
                known: requests for known, requests in self._drawn.items() if known == second - 1
            }
            self._drawn[second] = self._draw(second)
        return self._drawn[second]

    def _draw(self, second: int) -> Sequence[Request]:
        rng = np.random.default_rng((self._seed, second))
        size = int(rng.poisson(self._rate(second + 0.5)))
        times = (second + np.sort(rng.random(size))).tolist()
        prompts, outputs = self._lengths.draw(rng, size=size)
        return [
            Request(at=at, prompt_tokens=prompt, output_tokens=output)
            for at, prompt, output in zip(times, prompts, outputs, strict=True)
        ]

    def _rate(self, t: float) -> float:
        rate = self._shape(t)
        if not math.isfinite(rate):
            raise ValueError(f"shape: the rate at {t} is {rate}, need a finite number")
        return max(0.0, rate)


class Trace:
    """Requests that are known one by one, as from a log."""

    def __init__(self, requests: Iterable[Request]) -> None:
        """Take the requests in any order."""
        self._requests = sorted(requests, key=_at)

    def between(self, *, start: float, stop: float) -> Sequence[Request]:
        """Return the requests that arrive in [start, stop), in the order of time."""
        first = bisect_left(self._requests, start, key=_at)
        return self._requests[first : bisect_left(self._requests, stop, key=_at)]


def _at(request: Request) -> float:
    return request.at
