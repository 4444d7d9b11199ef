"""Studies of the past: traces in, forecasts and rolling-origin evaluations out."""
