"""KEDA's external scaler protocol, generated from protos/ by `make protos`; never edited."""
