"""What the cluster knows: bounds, replicas and pods, from watches; stamped, so that it has a past.

objects, pods ─► facts ─► stamps ─► history; collections and scales bring the objects.
"""
