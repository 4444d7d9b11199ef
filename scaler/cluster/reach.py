"""Which cluster is within reach, if any."""

import os

from scaler.cluster.api import Api

NAMED = "KUBECONFIG"
WITHIN = "KUBERNETES_SERVICE_HOST"
"""What is set in every container of a cluster."""


def found() -> Api | None:
    """The cluster that KUBECONFIG names, or that this process runs in; None where there is none.

    A login in the user's home is left alone: nobody asked for that cluster.
    """
    if not {NAMED, WITHIN} & os.environ.keys():
        return None
    # The official client takes as long to import as all the rest, for nothing without a cluster.
    from scaler.cluster.client import configured  # noqa: PLC0415

    return configured()
