"""One inference engine with continuous batching: requests in, tokens and latencies out.

The batch changes only when a request joins or leaves it, so the engine jumps from one such event to
the next and still counts every token of every iteration.
"""

import heapq
import math
from collections import deque
from collections.abc import Sequence

from attrs import define

from scaler.simulation.histogram import (
    ITL_EDGES,
    REQUEST_EDGES,
    TTFT_EDGES,
    Histogram,
)
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.snapshot import EngineSnapshot
from scaler.simulation.spec import EngineSpec

# A share of an iteration: a step that ends where an iteration ends must see it end.
_ROUNDING = 1e-9


@define(kw_only=True, eq=False)
class _Sequence:
    """A request in the batch."""

    request: Request
    admitted_at: float
    prompt_left: int
    first_token_at: float | None = None
    finish: int = 0
    """The engine's iteration count when its last token comes; known from the first token on."""


class Engine:
    """A FIFO queue in front of a batch that decodes one token per sequence and iteration.

    `slowdown` multiplies the duration of every iteration; it may be set at any time.
    """

    def __init__(self, *, name: str, spec: EngineSpec, at: float) -> None:
        self.slowdown = 1.0
        self.idle_seconds = 0.0
        self._name = name
        self._spec = spec
        self._clock = at
        self._iterations = 0
        self._reserved = 0
        self._waiting: deque[Request] = deque()
        self._prefilling: deque[_Sequence] = deque()
        self._decoding: list[tuple[int, int, _Sequence]] = []
        self._admitted = 0
        self._outcomes: list[Outcome] = []
        self._prompt_tokens = 0
        self._generation_tokens = 0
        self._completed = 0
        self._aborted = 0
        self._ttft = Histogram(TTFT_EDGES)
        self._itl = Histogram(ITL_EDGES)
        self._e2e = Histogram(REQUEST_EDGES)
        self._queue_time = Histogram(REQUEST_EDGES)

    @property
    def load(self) -> int:
        """Requests in it, waiting and running."""
        return len(self._waiting) + len(self._prefilling) + len(self._decoding)

    def submit(self, request: Request) -> None:
        """Put `request` at the end of the queue.

        Raises:
            ValueError: it needs more tokens than the KV cache holds, so it would wait for ever.
        """
        if request.tokens > self._spec.kv_tokens:
            raise ValueError(f"request: {request.tokens} tokens, of {self._spec.kv_tokens} at most")
        self._waiting.append(request)

    def expire(self, *, before: float, at: float) -> list[Outcome]:
        """Drop and return the waiting requests that arrived at or before `before`."""
        expired = []
        while self._waiting and self._waiting[0].at <= before:
            expired.append(self._lost(self._waiting.popleft(), result=Result.TIMED_OUT, at=at))
        self._aborted += len(expired)
        return expired

    def in_flight(self, *, at: float, result: Result = Result.UNFINISHED) -> list[Outcome]:
        """Return all requests in it, as if they ended with `result` at `at`."""
        sequences = [*(entry[2] for entry in self._decoding), *self._prefilling]
        running = [
            Outcome(
                request=sequence.request,
                result=result,
                at=at,
                replica=self._name,
                first_token_at=sequence.first_token_at,
                generated=self._generated(sequence),
            )
            for sequence in sequences
        ]
        return running + [self._lost(request, result=result, at=at) for request in self._waiting]

    def advance(self, to: float) -> Sequence[Outcome]:
        """Run all iterations that end by `to`; return the requests completed in them."""
        self._outcomes = []
        while self._clock < to:
            self._admit()
            if self._prefilling:
                ran = self._prefill(to)
            elif self._decoding:
                ran = self._decode(to)
            else:
                ran = self._idle(to)
            if not ran:
                break
        return self._outcomes

    def snapshot(self) -> EngineSnapshot:
        """Return what its metrics say now."""
        return EngineSnapshot(
            running=len(self._prefilling) + len(self._decoding),
            waiting=len(self._waiting),
            kv_usage=self._reserved / self._spec.kv_tokens,
            kv_tokens=self._spec.kv_tokens,
            prompt_tokens=self._prompt_tokens,
            generation_tokens=self._generation_tokens,
            completed=self._completed,
            aborted=self._aborted,
            ttft=self._ttft.snapshot(),
            itl=self._itl.snapshot(),
            e2e=self._e2e.snapshot(),
            queue_time=self._queue_time.snapshot(),
        )

    def _lost(self, request: Request, *, result: Result, at: float) -> Outcome:
        return Outcome(request=request, result=result, at=at, replica=self._name)

    def _generated(self, sequence: _Sequence) -> int:
        if sequence.first_token_at is None:
            return 0
        return sequence.request.output_tokens - (sequence.finish - self._iterations)

    def _has_room(self, request: Request) -> bool:
        running = len(self._prefilling) + len(self._decoding)
        fits = self._reserved + request.tokens <= self._spec.kv_tokens
        return running < self._spec.max_batch and fits

    def _admit(self) -> None:
        while (
            self._waiting
            and self._waiting[0].at <= self._clock
            and self._has_room(self._waiting[0])
        ):
            request = self._waiting.popleft()
            self._reserved += request.tokens
            self._prefilling.append(
                _Sequence(
                    request=request, admitted_at=self._clock, prompt_left=request.prompt_tokens
                )
            )

    def _iteration(self, *, prefill: int = 0) -> float:
        spec = self._spec
        decode = spec.iteration_base + spec.iteration_per_sequence * len(self._decoding)
        return self.slowdown * (decode + spec.prefill_per_token * prefill)

    def _idle(self, to: float) -> bool:
        until = min(to, self._waiting[0].at) if self._waiting else to
        self.idle_seconds += until - self._clock
        self._clock = until
        return True

    def _decode(self, to: float) -> bool:
        seconds = self._iteration()
        times = min(
            self._decoding[0][0] - self._iterations,
            int((to - self._clock) / seconds + _ROUNDING),
        )
        if self._waiting and self._has_room(self._waiting[0]):
            gap = self._waiting[0].at - self._clock
            times = min(times, math.ceil(gap / seconds))
        if times:
            self._generate(times, seconds=seconds)
        return times > 0

    def _prefill(self, to: float) -> bool:
        budget = self._spec.prefill_chunk
        chunk = min(budget, sum(sequence.prompt_left for sequence in self._prefilling))
        seconds = self._iteration(prefill=chunk)
        if self._clock + seconds > to + _ROUNDING:
            return False
        self._generate(1, seconds=seconds)
        while self._prefilling and chunk >= self._prefilling[0].prompt_left:
            sequence = self._prefilling.popleft()
            chunk -= sequence.prompt_left
            self._start_decoding(sequence)
        if self._prefilling:
            self._prefilling[0].prompt_left -= chunk
        return True

    def _generate(self, times: int, *, seconds: float) -> None:
        """Run `times` iterations of `seconds` each, with a token for each decoding sequence."""
        self._clock += times * seconds
        self._iterations += times
        if self._decoding:
            self._generation_tokens += times * len(self._decoding)
            self._itl.observe(seconds, times=times * len(self._decoding))
        while self._decoding and self._decoding[0][0] <= self._iterations:
            self._complete(heapq.heappop(self._decoding)[2])

    def _start_decoding(self, sequence: _Sequence) -> None:
        """The iteration that ends a prefill yields the first token."""
        request = sequence.request
        sequence.prompt_left = 0
        sequence.first_token_at = self._clock
        sequence.finish = self._iterations + request.output_tokens - 1
        self._prompt_tokens += request.prompt_tokens
        self._generation_tokens += 1
        self._ttft.observe(self._clock - request.at)
        if request.output_tokens == 1:
            self._complete(sequence)
        else:
            self._admitted += 1
            heapq.heappush(self._decoding, (sequence.finish, self._admitted, sequence))

    def _complete(self, sequence: _Sequence) -> None:
        request = sequence.request
        self._reserved -= request.tokens
        self._completed += 1
        self._e2e.observe(self._clock - request.at)
        self._queue_time.observe(sequence.admitted_at - request.at)
        self._outcomes.append(
            Outcome(
                request=request,
                result=Result.COMPLETED,
                at=self._clock,
                replica=self._name,
                first_token_at=sequence.first_token_at,
                generated=request.output_tokens,
            )
        )
