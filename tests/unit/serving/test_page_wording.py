import pytest

from scaler.serving.pages import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (6.25, "6.25"),
        (0.03125, "0.03125"),
        (12345.6, "12,346"),
        (999.96, "1,000"),
        (3, "3"),
    ],
)
def test_numbers_show_the_digits_that_count(value: float, text: str) -> None:
    assert text == wording.number(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.02, "20ms"), (0.84, "0.84s"), (45, "45s"), (5400, "1h30m"), (3605, "1h5s")],
)
def test_durations_are_written_as_the_configuration_takes_them(seconds: float, text: str) -> None:
    assert text == wording.duration(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 days ago"),
    ],
)
def test_ages_get_coarser(seconds: int, text: str) -> None:
    assert text == wording.ago(seconds)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency", 0.84, "0.84s"),
        ("utilization", 0.61, "61%"),
        ("tokens", 7840.5, "7,840 tokens/s"),
        ("ready", 3.0, "3 replicas"),
        ("something", 3.0, "3"),
    ],
)
def test_readings_carry_their_units(name: str, value: float, text: str) -> None:
    assert text == wording.quantity(name, value)


def test_times_are_in_utc() -> None:
    at = 1_700_000_020
    assert "2023-11-14 22:13:40 UTC" == wording.when(at)
    assert "2023-11-14T22:13:40Z" == wording.stamp(at)
    assert "22:13" == wording.clock(at)


def test_counts_agree_with_their_nouns() -> None:
    assert ["1 replica", "2 replicas"] == [wording.plural(count, "replica") for count in (1, 2)]
