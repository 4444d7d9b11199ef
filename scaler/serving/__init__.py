"""What others ask us: KEDA over gRPC, people and Prometheus over HTTP. Maps, never decides."""
