"""Environment variables that are called as ours are and set nothing."""

import re
from collections.abc import Iterator, Mapping

from scaler.config import values
from scaler.config.settings import ENVIRONMENT, Settings
from scaler.errors import Problem

_OURS = "FORESCALE_"
_OF_A_SERVICE = re.compile(
    r"FORESCALE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)\w*)?)"
)
"""What Kubernetes puts into every pod beside a Service whose name begins with `forescale`."""


def strangers(environ: Mapping[str, str], *, settings: Settings) -> Iterator[Problem]:
    """Each variable with our prefix that is neither a setting nor a secret that `settings` name.

    Its value is not shown: it may well be a secret.
    """
    known = ENVIRONMENT.keys() | _secrets(settings)
    for name in sorted(environ):
        if name.startswith(_OURS) and name not in known and not _OF_A_SERVICE.fullmatch(name):
            hint = values.nearest(name, list(ENVIRONMENT))
            yield Problem(path=name, rule="is no variable that sets anything", hint=hint)


def _secrets(settings: Settings) -> set[str]:
    sources = settings.sources.values()
    credentials = [source.bearer_token for source in sources]
    credentials += [source.basic.password for source in sources if source.basic]
    return {each.env for each in credentials if each and each.env}
