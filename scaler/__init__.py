"""Forescale: how many replicas a GPU inference workload needs, early enough for them to be ready."""
