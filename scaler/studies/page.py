"""Evaluations and forecasts as pages that need nothing else: light and dark, narrow, printed."""

from collections.abc import Sequence

from forecasting.forecast import Forecast, Reason
from scaler.studies.ahead import ahead
from scaler.studies.backtests import Account, mean_ratio
from scaler.studies.chart import Chart
from scaler.studies.charts import calibration, chosen, errors, fans
from scaler.studies.lines import forecast_rows, table_rows
from scaler.studies.plan import Plan
from scaler.studies.templating import TEMPLATES
from scaler.studies.traces import Trace

_REASONS = {
    Reason.SKILL: "proved over the last week",
    Reason.NO_SKILL: "none: reactive, and calibrated headroom",
    Reason.COLD: "too little history to judge",
    Reason.NO_DATA: "no value in the last day",
}


def page(accounts: Sequence[Account], *, plan: Plan) -> str:
    """Return the page of an evaluation."""
    return TEMPLATES.get_template("backtest.html").render(
        accounts=accounts,
        plan=plan,
        charts=charts,
        table_rows=table_rows,
        mean_ratio=mean_ratio(accounts),
    )


def forecast_page(found: Sequence[tuple[Trace, Forecast]]) -> str:
    """Return the page of forecasts."""
    return TEMPLATES.get_template("forecast.html").render(
        found=found, ahead=ahead, forecast_rows=forecast_rows, reasons=_REASONS
    )


def charts(account: Account) -> list[Chart]:
    """Return the charts of one series."""
    return [fans(account), errors(account), calibration(account), chosen(account)]
