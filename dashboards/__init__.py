"""Grafana dashboards as code: questions with their PromQL, drawn by Grafana's own builders.

question ─► drawing ─► frame ─► JSON beside this file; `make dashboards` writes it. No part of the
product: nothing of `scaler` is imported, only the names of its metrics are used.
"""
