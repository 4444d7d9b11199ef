"""Forecasts of demand from its history: series, forecasters and their evaluation; pure, and ignorant of scaling."""
