"""Kubernetes' metrics APIs, for HPAs that no KEDA stands behind. Maps what was decided and read."""
