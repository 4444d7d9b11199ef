"""Forecasts in the service: read history, fit in a process of their own, tell the folds.

This side never imports `forecasting`: `worker` starts the process that does.
"""
