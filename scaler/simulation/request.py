"""A request and what becomes of it."""

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import ge


@frozen(kw_only=True)
class Request:
    """One attempt of one client to get a completion."""

    at: float
    """When it arrives, in Unix seconds."""
    prompt_tokens: int = field(validator=ge(0))
    output_tokens: int = field(validator=ge(1))
    attempt: int = 1
    """1 for a first try, 2 for its first retry."""

    @property
    def tokens(self) -> int:
        """Tokens it holds in the KV cache when it is complete."""
        return self.prompt_tokens + self.output_tokens


class Result(StrEnum):
    """How one attempt of a request ended."""

    COMPLETED = "completed"
    TIMED_OUT = "timed_out"
    """The client gave up before the first token."""
    REJECTED = "rejected"
    """Nobody took it: the gateway is full, or it is longer than the KV cache."""
    FAILED = "failed"
    """Its replica went away."""
    UNFINISHED = "unfinished"
    """Still held, waiting or running."""


@frozen(kw_only=True)
class Outcome:
    """What became of one attempt of a request."""

    request: Request
    result: Result
    at: float
    """When it ended, or the time of asking if it has not."""
    replica: str | None = None
    first_token_at: float | None = None
    generated: int = 0
    """Output tokens that it got."""

    @property
    def ttft(self) -> float | None:
        """Seconds from arrival to the first token, None without one."""
        return None if self.first_token_at is None else self.first_token_at - self.request.at

    @property
    def age(self) -> float:
        """Seconds from arrival to its end: the end-to-end latency of a completed request."""
        return self.at - self.request.at
