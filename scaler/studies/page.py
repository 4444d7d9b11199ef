"""An evaluation as one page that needs nothing else: charts, tables, light and dark, print."""

from collections.abc import Sequence

import jinja2

from scaler.studies.backtests import Account, mean_ratio
from scaler.studies.charts import Chart, calibration, chosen, errors, fans
from scaler.studies.lines import number, table_rows
from scaler.studies.plan import Plan
from scaler.studies.times import iso, length

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("scaler.studies"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters.update(number=number, length_of=length, iso=iso)


def page(accounts: Sequence[Account], *, plan: Plan) -> str:
    """Return the whole page."""
    return _TEMPLATES.get_template("backtest.html").render(
        accounts=accounts,
        plan=plan,
        charts=charts,
        table_rows=table_rows,
        mean_ratio=mean_ratio(accounts),
    )


def charts(account: Account) -> list[Chart]:
    """Return the charts of one series."""
    return [fans(account), errors(account), calibration(account), chosen(account)]
