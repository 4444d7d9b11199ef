"""A scoreboard as lines of text, and the words that its page shares with them."""

from collections.abc import Iterator, Sequence

from scaler.studies.lines import aligned
from scaler.studies.replay.policies import EQUAL
from scaler.studies.replay.score import HOUR, Score
from scaler.studies.replay.scoreboard import Line, Scoreboard
from scaler.studies.times import iso, length

TITLES = (
    *("policy", "replica-h", "over", "p95 over", "worst hour", "unserved", "longest"),
    *("short", "spare", "changes", "back"),
)
EXPLAINED = (
    "over: share of requests whose first token was later than the objective, unserved ones too; "
    "p95 over: share of the time; longest: time without an end in which it was; "
    "short, spare: replica-hours needed and not ready, billed and not needed; "
    "back: changes in the other direction within 10 min"
)

_LONG = 600
"""Seconds that are better told in minutes."""


def board_lines(board: Scoreboard) -> Iterator[str]:
    """Yield what there is to say of one trace."""
    yield from intro(board)
    yield from aligned([list(TITLES), *(row(line) for line in board.lines)])
    yield from verdict(board)


def intro(board: Scoreboard) -> Iterator[str]:
    """Yield what was played."""
    demand = board.demand
    shift, scored = demand.trace.shift, demand.times() >= demand.start
    highest = float(demand.rate(demand.times()[scored]).max())
    yield (
        f"{demand.trace.name}: {length(demand.stop - demand.start)} from"
        f" {iso(demand.start + shift)}, after {length(demand.start - demand.first)} of warm-up;"
        f" {board.lines[0].score.requests:,.0f} requests, at most {highest:.0f} a second:"
        f" {highest / board.capacity:.0f} replicas bear them"
    )
    if demand.missing:
        yield f"the trace does not say {demand.missing:.1%} of it: straight lines stand in"


def row(line: Line) -> list[str]:
    """Return the cells of one line."""
    score = line.score
    return [
        line.name,
        f"{score.replica_hours:,.1f}",
        percent(score.over),
        percent(score.time_over),
        percent(score.worst_hour),
        f"{score.unserved:,.0f}",
        _for(score.longest_over),
        f"{score.under / HOUR:,.1f}",
        f"{score.extra / HOUR:,.1f}",
        str(score.changes),
        str(score.reversals),
    ]


def _for(seconds: int) -> str:
    return f"{seconds} s" if seconds < _LONG else f"{round(seconds / 60)} min"


def percent(share: float) -> str:
    """Return a share with two digits after the point; nothing is not almost nothing."""
    if 0.0 < share < 0.0001:  # noqa: PLR2004 - less than two digits show
        return "<0.01%"
    return f"{share:.2%}"


def verdict(board: Scoreboard) -> Iterator[str]:
    """Yield how the first policy stands beside the others, whoever is better."""
    first, *others = board.lines
    equal = board.lines[-1]
    yield (
        f"{first.name} against {equal.name}, about as dear: {percent(first.score.over)} of the"
        f" requests over {board.objective:g} s, against {percent(equal.score.over)}"
    )
    better = [line.name for line in others if _beats(line.score, first.score)]
    if better:
        yield f"cheaper and no later than {first.name}: {', '.join(better)}"
    beaten = [line.name for line in others if _beats(first.score, line.score)]
    if beaten:
        yield f"dearer and no earlier than {first.name}: {', '.join(beaten)}"


def summary_lines(boards: Sequence[Scoreboard]) -> Iterator[str]:
    """Yield one row for each policy over all traces; nothing of one trace."""
    if len(boards) == 1:
        return
    # What costs as much is of another size on each.
    names = [*(line.name for line in boards[0].lines[:-1]), EQUAL]
    columns = list(zip(*(board.lines for board in boards), strict=True))
    rows = [
        _sums(name, [line.score for line in lines])
        for name, lines in zip(names, columns, strict=True)
    ]
    yield f"all {len(boards)} traces"
    yield from aligned([["policy", "replica-h", "over", "worst hour", "unserved", "back"], *rows])


def _sums(name: str, scores: Sequence[Score]) -> list[str]:
    requests = sum(score.requests for score in scores)
    late = sum(score.requests * score.over for score in scores)
    return [
        name,
        f"{sum(score.replica_hours for score in scores):,.1f}",
        percent(late / requests if requests else 0.0),
        percent(max(score.worst_hour for score in scores)),
        f"{sum(score.unserved for score in scores):,.0f}",
        str(sum(score.reversals for score in scores)),
    ]


def _beats(one: Score, other: Score) -> bool:
    return one.replica_hours < other.replica_hours and one.over <= other.over
