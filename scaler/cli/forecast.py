"""`forescale forecast`: what follows after the end of a series."""

from pathlib import Path
from typing import Any

import click
import orjson

from scaler.cli.options import AS_JSON, HTML, csv_option
from scaler.cli.series import plan_of, read, series_options
from scaler.runtime.clock import SystemClock
from scaler.studies.forecasts import document, forecast
from scaler.studies.lines import forecast_lines
from scaler.studies.long import write_forecast
from scaler.studies.page import forecast_page


@click.command("forecast")
@series_options
@AS_JSON
@csv_option("One row for each series and time.")
@HTML
def command(
    *,
    files: tuple[str, ...],
    as_json: bool,
    csv_file: Path | None,
    html_file: Path | None,
    **options: Any,
) -> None:
    """What follows after the end of a series: path, bands, and the bound of the maximum.

    Each FILE (CSV, TSV, JSON lines, Parquet; gzip; a dash is standard input) holds one series or
    many. A SPAN is a number of steps, 48, or a duration, 30m, 12h, 14d.
    """
    found = read(files, options, now=SystemClock().now())
    plan = plan_of(options)
    made = [(trace, forecast(trace, plan=plan)) for trace in found]
    if csv_file is not None:
        with csv_file.open("w", encoding="utf-8") as file:
            write_forecast(made, file=file)
    if html_file is not None:
        html_file.write_text(forecast_page(made), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(document(made, plan=plan)))
        return
    for trace, each in made:
        click.echo("\n".join([*forecast_lines(trace, each), ""]))
