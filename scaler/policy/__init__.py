"""The decision: readings in, one explained replica target out. Pure; time is an argument."""
