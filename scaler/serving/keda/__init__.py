"""KEDA's external scaler protocol, both ends of it. Nothing else knows the generated code."""
