"""The demo: the service itself, a simulated fleet that it reads, and a client that obeys it.

scene ─► exporters ─► (the service) ─► controller ─► fleet, all on one clock; screens show it.
"""
