"""What an observed workload would have done, against what happened."""
