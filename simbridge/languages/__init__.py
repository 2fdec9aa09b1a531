"""EventBridge's little languages: event patterns, schedules, input transformers, resource policies."""
