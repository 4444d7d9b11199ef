"""What happens to bytes on their way: damage of every kind, chosen by a generator of numbers."""

from collections.abc import Callable, Sequence
from random import Random

Damage = Callable[[bytes, Random], bytes]

_ODD_NUMBERS = b"""
    NaN +Inf -Inf inf infinity -1 0 -0.0 1e308 1e309 -1e400 1e-320 9223372036854775808 1_000 0x1F
    1,5 1e999999 99999999999999999999999999999999 true null 0.1.2 ++1 1e+ e "7" [1] {}
"""
NUMBERS = (*_ODD_NUMBERS.split(), "٣".encode(), b"", b" ")
_WHERE_NUMBERS_STAND = b' ,":}\n'


def truncated(data: bytes, rng: Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def flipped(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def without_a_part(data: bytes, rng: Random) -> bytes:
    start, stop = _span(data, rng)
    return data[:start] + data[stop:]


def with_a_part_twice(data: bytes, rng: Random) -> bytes:
    start, stop = _span(data, rng)
    return data[:stop] + data[start:stop] * rng.randint(1, 3) + data[stop:]


def with_noise(data: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]


def with_another_number(data: bytes, rng: Random) -> bytes:
    places = [index for index, byte in enumerate(data) if byte in _WHERE_NUMBERS_STAND]
    if not places:
        return data
    start = rng.choice(places) + 1
    stop = start
    while stop < len(data) and data[stop] not in _WHERE_NUMBERS_STAND:
        stop += 1
    return data[:start] + rng.choice(NUMBERS) + data[stop:]


def with_lines_shuffled(data: bytes, rng: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def with_other_ends(data: bytes, rng: Random) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"", b"\x00\n", b" \n")))


def nested(data: bytes, rng: Random) -> bytes:
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"&a [*a, ", b"]")))
    depth = rng.choice((1, 2, 50, 300, 1100, 3000))
    return opening * depth + data + closing * depth


ANYHOW: Sequence[Damage] = (
    truncated,
    flipped,
    without_a_part,
    with_a_part_twice,
    with_noise,
    with_another_number,
    with_another_number,
    with_lines_shuffled,
    with_other_ends,
    nested,
)


def damaged(data: bytes, rng: Random, *, ways: Sequence[Damage] = ANYHOW) -> bytes:
    """`data` after up to three accidents; now and then after none."""
    for _ in range(rng.randint(0, 3)):
        data = rng.choice(ways)(data, rng)
    return data


def _span(data: bytes, rng: Random) -> tuple[int, int]:
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.randint(0, 200))
