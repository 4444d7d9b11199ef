import pytest

from scaler.studies.backtests import Account
from tests.unit.studies.builders import an_account


@pytest.fixture(scope="package")
def account() -> Account:
    """The evaluation of two weeks with a daily shape."""
    return an_account()
