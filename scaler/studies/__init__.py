"""Studies of the past: traces in, forecasts and rolling-origin evaluations out."""

import os

# The matrices are small, and threads that share their cores with other work wait for each other:
# 8 s became 2 s. Numpy reads this once, when it is imported; processes that we spawn inherit it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
