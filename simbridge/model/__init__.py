"""What control plane and data plane both use: ARNs, resources, messages, limits, error codes, faults.

Here belong frozen records, tables and pure functions that say what EventBridge is, and that `api` and `actors`
would otherwise have twice. Whatever checks a request belongs in `api`; whatever receives a message, in `actors`.
"""
