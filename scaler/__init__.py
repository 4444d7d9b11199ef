"""Forescale: the replicas a GPU inference workload needs, asked for in time."""
