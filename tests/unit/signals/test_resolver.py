"""Names are resolved anew each time, and a silent name server is not believed to say "nobody"."""

import asyncio
import socket
from collections.abc import Sequence

import attrs
import pytest

from scaler.signals.resolver import Resolver, Unknown

V4, V6 = socket.AF_INET, socket.AF_INET6
Found = Sequence[tuple[socket.AddressFamily, str]]
FAILED = socket.gaierror(socket.EAI_AGAIN, "try again")


@attrs.define
class FakeNames:
    """A name server that says these, one after the other; None is silence."""

    answers: list[Found | OSError | None]
    asked: int = 0

    async def __call__(self, host: str) -> Found:
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, OSError):
            raise answer
        return answer or ()


def resolver(*answers: Found | OSError | None) -> Resolver:
    return Resolver(lookup=FakeNames(list(answers)), timeout=0.05)


async def test_addresses_come_by_family_and_sorted() -> None:
    names = resolver([(V6, "fd00::2"), (V4, "10.0.0.9"), (V4, "10.0.0.10"), (V4, "10.0.0.9")])
    assert (("10.0.0.10", "10.0.0.9"), ("fd00::2",)) == await names.addresses("pods")


async def test_every_time_is_a_new_question() -> None:
    names = resolver([(V4, "10.0.0.1")], [(V4, "10.0.0.2")])
    assert (("10.0.0.1",),) == await names.addresses("pods")
    assert (("10.0.0.2",),) == await names.addresses("pods")


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_NODATA])
async def test_a_name_without_addresses_is_nobody(code: int) -> None:
    names = resolver([(V4, "10.0.0.1")], socket.gaierror(code, "nobody"))
    await names.addresses("pods")
    assert () == await names.addresses("pods")


@pytest.mark.parametrize("silence", [FAILED, None])
async def test_what_was_said_last_stands_in_for_silence(silence: OSError | None) -> None:
    names = resolver([(V4, "10.0.0.1")], silence)
    await names.addresses("pods")
    assert (("10.0.0.1",),) == await names.addresses("pods")


@pytest.mark.parametrize("silence", [FAILED, None])
async def test_silence_alone_says_nothing(silence: OSError | None) -> None:
    with pytest.raises(Unknown):
        await resolver(silence).addresses("pods")


async def test_a_question_that_hangs_is_asked_once() -> None:
    names = FakeNames([None, []])
    asking = Resolver(lookup=names, timeout=0.01)
    for _ in range(3):
        with pytest.raises(Unknown):
            await asking.addresses("pods")
    assert 1 == names.asked


async def test_the_systems_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in {
        address for family in await Resolver().addresses("localhost") for address in family
    }
