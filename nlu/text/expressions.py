"""Regular expressions of the language files (正则表达式), compiled when they are needed."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

_METHODS = ("search", "match", "fullmatch", "finditer")
_waiting: "WeakSet[Expression]" = WeakSet()


class Expression:
    """A compiled expression; one that comes out of a pickle is compiled when it is first used.

    There are more than a thousand, of which a message needs a few: a start that compiles them all takes longer.
    """

    __slots__ = ("__weakref__", "flags", "pattern", *_METHODS)
    search: Callable[..., re.Match[str] | None]
    match: Callable[..., re.Match[str] | None]
    fullmatch: Callable[..., re.Match[str] | None]
    finditer: Callable[..., Iterator[re.Match[str]]]

    def __init__(self, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        """Raises re.error if `pattern` is no regular expression."""
        self.pattern = pattern
        self.flags = int(flags)
        self._compile()

    def _compile(self) -> None:
        compiled = re.compile(self.pattern, self.flags)
        for name in _METHODS:
            setattr(self, name, getattr(compiled, name))

    def __getattr__(self, name: str) -> Any:
        """Only the methods of an expression that has not been compiled are not there."""
        if name not in _METHODS:
            raise AttributeError(name)
        self._compile()
        return getattr(self, name)

    def __getstate__(self) -> tuple[str, int]:
        return self.pattern, self.flags

    def __setstate__(self, state: tuple[str, int]) -> None:
        self.pattern, self.flags = state
        _waiting.add(self)


def compile_waiting() -> None:
    """Compile what came out of a pickle and has not been used: then no message has to wait for it."""
    for expression in list(_waiting):
        _ = expression.search
    _waiting.clear()
