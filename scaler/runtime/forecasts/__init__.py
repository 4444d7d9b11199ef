"""Forecasts in the service: read history, fit in a process of their own, tell the folds.

This side imports nothing of `forecasting` but what a declared event is: `worker` starts the process
that does.
"""
