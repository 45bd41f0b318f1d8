"""YAML as our language files need it: every scalar stays a string, equal keys are refused."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TextIO

import yaml

# libyaml parses about ten times faster than the pure Python loader, and start-up waits for it.
_Base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class LocaleError(ValueError):
    """A language file is wrong; the message names the file, the line and what to do."""


class _StrictLoader(_Base):  # type: ignore[misc]
    """BaseLoader reads `no`, `01234567` and `2024-01-01` as the text they are."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise LocaleError(f"{key_node.start_mark.name}:{line}: the key {key!r} stands twice")
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=True)
        return mapping


def load(source: Path | TextIO) -> Any:
    """Return the document in `source` with strings as its only scalars.

    Raises LocaleError for broken YAML or a repeated key.
    """
    name = str(source) if isinstance(source, Path) else getattr(source, "name", "<text>")
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source.read()
    loader = _StrictLoader(text)
    loader.name = name
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise LocaleError(f"{name}: {error}") from error
    finally:
        loader.dispose()
