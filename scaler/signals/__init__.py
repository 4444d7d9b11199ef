"""Adapters in: what engines expose, as data, and the two ways of reading it."""
