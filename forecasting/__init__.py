"""Forecasts of demand from its history: pure, and ignorant of scaling."""
