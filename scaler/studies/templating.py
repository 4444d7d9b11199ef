"""Templates of pages, with the filters that all of them use."""

import jinja2

from scaler.studies.lines import number
from scaler.studies.times import iso, length

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("scaler.studies"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
TEMPLATES.filters.update(number=number, length_of=length, iso=iso)
