"""What control plane and data plane both speak of: ARNs, resources, messages, limits, error codes, faults."""
