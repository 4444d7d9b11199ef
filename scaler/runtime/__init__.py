"""The shell that ticks: reads history, folds the policy over it, publishes decisions."""
