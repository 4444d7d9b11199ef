"""The array types of the package, and the square-root scale on which every model works."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def root(values: FloatArray | float) -> FloatArray:
    """Return the signed square root, which evens out the noise of counts.

    M. S. Bartlett, "The square root transformation in analysis of variance", 1936. Unlike a
    logarithm it bears zeros, and it is homogeneous, so that a model on this scale is equivariant
    to the unit of the series.
    """
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def square(values: FloatArray | float) -> FloatArray:
    """Undo `root`."""
    return np.asarray(values * np.abs(values))
