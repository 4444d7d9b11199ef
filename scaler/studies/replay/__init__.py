"""Policies in a closed loop over a trace: the one that serves KEDA, and its rivals."""
