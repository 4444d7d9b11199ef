"""Trigger metadata, file and environment, understood once and immutable afterwards."""
