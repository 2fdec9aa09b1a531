"""EventBridge's little languages: event patterns, schedules, input transformers, resource policies.

Each is a package of pure functions: text in, a meaning or a `LanguageError` out. None of them knows a world or
a message. What PutRule and the like refuse beyond the language is checked in `api`.
"""
