"""What is kept of a tick is what was read."""

import pytest

from scaler.errors import SignalMalformed
from scaler.policy.model import Gap, Reason, Sample, Signal
from scaler.signals.compact import NOBODY, decode, encode
from tests.builders import EPOCH, readings

EVERY = readings(
    EPOCH,
    wanted=Gap(reason=Reason.ABSENT),
    waiting=Sample(value=1 / 3, at=EPOCH - 90),
    latency=Gap(reason=Reason.SPARSE, detail="7 requests in 120 s"),
    tokens=1e15,
)


def test_readings_come_back_as_they_were() -> None:
    found = decode(encode(EVERY), taken=EPOCH, at=EPOCH, signals=tuple(EVERY.signals))
    assert EVERY == found


def test_samples_stay_as_old_as_they_are() -> None:
    found = decode(encode(EVERY), taken=EPOCH, at=EPOCH + 30, signals=tuple(EVERY.signals))
    assert EPOCH + 30 == found.at
    assert EVERY.signals == found.signals


def test_only_what_is_asked_for_is_told_and_nothing_is_made_up() -> None:
    asked = (Signal.WAITING, Signal.ACTIVATION)
    found = decode(encode(EVERY), taken=EPOCH, at=EPOCH, signals=asked)
    expected = {Signal.WAITING: EVERY.signals[Signal.WAITING], Signal.ACTIVATION: NOBODY}
    assert expected == found.signals


def test_a_tick_takes_a_few_hundred_bytes() -> None:
    assert len(encode(EVERY)) < 300


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b"[]", b"null", b'[{},["?"],[1],[1],[1]]'])
def test_what_cannot_be_read_is_an_error(body: bytes) -> None:
    with pytest.raises(SignalMalformed, match=f"at {EPOCH} cannot be read"):
        decode(body, taken=EPOCH, at=EPOCH, signals=(Signal.WAITING,))
