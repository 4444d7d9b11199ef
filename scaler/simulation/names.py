"""Pod names as a Deployment gives them, but the same ones in every run."""

import zlib

# What Kubernetes draws from: no vowels, and no 0, 1 or 3, so that no words come out.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX = 5
_HASH = 10
# Coprime to the alphabet's 27, so that neighbors look unlike and no two of 27**5 are equal.
_STRIDE = 7_654_321


def pod_name(deployment: str, *, namespace: str, index: int) -> str:
    """Return the name of the Deployment's `index`th pod, unique for the first 14 million."""
    seed = zlib.crc32(f"{namespace}/{deployment}".encode())
    template = _letters(seed * _STRIDE, length=_HASH)
    return f"{deployment}-{template}-{_letters(seed + index * _STRIDE, length=_SUFFIX)}"


def _letters(number: int, *, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)
