"""Finds which of many patterns match an event.

A `Matcher` keeps patterns by name. A pickle holds their texts and nothing else; the rest is made again when
it is loaded. A copy shares the parsed patterns, which never change. `index` does the work.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import final

from simbridge.base.errors import SimbridgeError
from simbridge.languages.pattern.events import EventDict, Paths, lay_out, read_event
from simbridge.languages.pattern.explain import RulesExplanation, explain_rules
from simbridge.languages.pattern.index import RuleIndex, search, search_layout
from simbridge.languages.pattern.pool import Entry, TestCache
from simbridge.languages.pattern.syntax import Pattern, parse
from simbridge.languages.pattern.tables import HasArrays

__all__ = ["Matcher", "match"]


def match(pattern: str | Mapping[str, object], event: Mapping[str, object] | str | bytes) -> bool:
    """Whether a pattern matches an event; both may be JSON text or Python objects.

    Raises `InvalidPattern` with AWS's wording (fidelity 4.9), and `SimbridgeError` for an
    event that is not a JSON object.
    """
    return bool(Matcher({"": pattern}).match(event))


@final
class Matcher:
    """Patterns by name.

    >>> matcher = Matcher({"jobs": '{"source": ["my.app"], "detail": {"state": [{"prefix": "fail"}]}}'})
    >>> matcher.match({"source": "my.app", "detail": {"state": "failed"}})
    ['jobs']
    """

    def __init__(self, patterns: Mapping[str, str | Mapping[str, object]] | None = None) -> None:
        """Raises `InvalidPattern` for the first pattern that is not valid."""
        if patterns is not None and not isinstance(patterns, Mapping):
            raise SimbridgeError(f"a matcher takes patterns by name, a mapping, not {patterns!r}")
        self._patterns: dict[str, Pattern] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._index = RuleIndex(frozenset(), TestCache())
        self._uses: Counter[str] = Counter()
        self._paths: Paths | None = None
        for name, pattern in (patterns or {}).items():
            self.add(name, pattern)

    def add(self, name: str, pattern: str | Mapping[str, object]) -> None:
        """Add a pattern, or replace the one of this name.

        Raises `InvalidPattern`; the matcher is then as it was.
        """
        if not isinstance(name, str):
            raise SimbridgeError(f"the name of a pattern is text, not {name!r}")
        self._insert(name, parse(pattern))

    def remove(self, name: str) -> None:
        """Forget a pattern. Raises `SimbridgeError` if there is none of this name."""
        if not isinstance(name, str) or name not in self._patterns:
            raise SimbridgeError(f"no pattern named {name!r} in this matcher: add it first")
        del self._patterns[name]
        for entry in self._entries.pop(name):
            self._index.remove(entry)
            for path in entry.fields:
                self._uses[path] -= 1
                if not self._uses[path]:
                    del self._uses[path]
                    self._paths = None

    def match(self, event: Mapping[str, object] | str | bytes) -> list[str]:
        """The names of the patterns that match, sorted.

        Raises `SimbridgeError` if the event is not a JSON object.
        """
        parsed = read_event(event)
        if type(parsed) is not dict:
            return self._match_laid_out(parsed)
        try:
            found = search(self._index, parsed)
        except HasArrays:
            return self._match_laid_out(parsed)
        return sorted(set(found)) if len(found) > 1 else found

    def match_parsed(self, event: EventDict) -> list[str]:
        """As `match`, for a `dict` as a JSON decoder returns it. This is the fastest way."""
        try:
            found = search(self._index, event)
        except HasArrays:
            return self._match_laid_out(event)
        except AttributeError:  # checked only here, to keep the fast path fast
            if isinstance(event, dict):
                raise
            raise SimbridgeError(
                f"match_parsed takes a dict, not {type(event).__name__}: match() reads JSON text"
            ) from None
        return sorted(set(found)) if len(found) > 1 else found

    def _match_laid_out(self, event: EventDict) -> list[str]:
        """The same for an event that cannot be matched as it is (`events`)."""
        if self._paths is None:
            self._paths = Paths.of(self._uses)
        return sorted(set(search_layout(self._index, lay_out(event, self._paths))))

    def explain(self, event: Mapping[str, object] | str | bytes) -> RulesExplanation:
        """Which patterns match and why, which do not and why not, and the nearest of those.

        Raises `SimbridgeError` if the event is not a JSON object.
        """
        return explain_rules(self._patterns, event)

    def __len__(self) -> int:
        return len(self._patterns)

    def __contains__(self, name: object) -> bool:
        return name in self._patterns

    def __iter__(self) -> Iterator[str]:
        return iter(self._patterns)

    def __reduce__(self) -> tuple[type[Matcher], tuple[dict[str, str]]]:
        return Matcher, ({name: pattern.text for name, pattern in self._patterns.items()},)

    def __copy__(self) -> Matcher:
        copy = Matcher()
        for name, pattern in self._patterns.items():
            copy._insert(name, pattern)
        return copy

    def __deepcopy__(self, memo: dict[int, object]) -> Matcher:
        return self.__copy__()

    def _insert(self, name: str, pattern: Pattern) -> None:
        if name in self._patterns:
            self.remove(name)
        self._patterns[name] = pattern
        self._entries[name] = [Entry(name, subrule) for subrule in pattern.subrules]
        for entry in self._entries[name]:
            self._index.add(entry)
            for path in entry.fields:
                self._uses[path] += 1
                if self._uses[path] == 1:
                    self._paths = None
