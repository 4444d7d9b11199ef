"""A simulated world, pure: arrivals, a fleet of replicas, its exporters' text, and the HPA.

Nothing here does I/O or reads a clock; all randomness comes from a seed that the caller gives.
Times are Unix seconds; they are floats, because arrivals and steps fall between whole seconds.
"""
