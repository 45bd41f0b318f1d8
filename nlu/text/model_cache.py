"""Keeps what was made of the language files, so that a start need not make it again."""

import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import time
from typing import Any, TypeVar

import numpy as np
import rapidfuzz

_NAME = "understanding"
_KEPT = 8
_ABANDONED_SECONDS = 3600  # a draft of this age belongs to a process that died while it wrote
_DIGEST_SIZE = hashlib.sha256().digest_size
_OURS = "nlu.text."
_PLAIN = frozenset(
    (
        ("collections", "Counter"),
        ("decimal", "Decimal"),
        ("numpy", "dtype"),
        ("numpy._core.numeric", "_frombuffer"),
    )
)

T = TypeVar("T")


def installed() -> tuple[Path, ...]:
    """Return the folder beside the installed packages where `make install` keeps what our files teach."""
    return (Path(sys.prefix) / "share" / "piaoda",) if sys.prefix != sys.base_prefix else ()


def kept(wanted: type[T], sources: Iterable[Path], folders: Sequence[Path], make: Callable[[], T]) -> T:
    """Return what `make` makes of the files `sources`: as it was kept in one of the folders, else anew and kept.

    It is kept in the first folder that can be written to. Several processes may do so at once.
    """
    if not folders:
        return make()
    name = f"{_NAME}-{_fingerprint(sources)}.{wanted.__name__.lower()}"
    for folder in folders:
        found = _read(folder / name)
        if isinstance(found, wanted):
            return found
    made = make()
    for folder in folders:
        with suppress(OSError):  # a full or read-only disk costs the next start some seconds, no more
            _write(folder / name, made)
            break
    return made


def _fingerprint(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256(_program())
    for path in sources:
        _add(digest, path)
    return digest.hexdigest()[:24]


@cache
def _program() -> bytes:
    """What makes it: other code makes other things of the same files."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {rapidfuzz.__version__}".encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), Path(__file__).with_name("pinyin.txt")):
        _add(digest, path)
    return digest.digest()


def _add(digest: "hashlib._Hash", path: Path) -> None:
    content = path.read_bytes()
    digest.update(f"{path.parent.name}/{path.name} {len(content)}\n".encode())
    digest.update(content)


def _write(target: Path, made: object) -> None:
    content = pickle.dumps(made, protocol=5)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(hashlib.sha256(content).digest() + content)
    draft.replace(target)
    others = sorted(target.parent.glob(f"{_NAME}-*"), key=_age)
    drafts = [path for path in target.parent.glob(f".{_NAME}-*") if _age(path) > _ABANDONED_SECONDS]
    for path in (*others[_KEPT:], *drafts):
        path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return time() - path.stat().st_mtime
    except FileNotFoundError:  # another process tidied up
        return 0.0


def _read(path: Path) -> object:
    """Return what is kept in a file; None if there is nothing, or half a file of a crash, or what is none of ours."""
    try:
        with path.open("rb") as file:
            digest = file.read(_DIGEST_SIZE)
            if hashlib.file_digest(file, "sha256").digest() != digest:
                return None
            file.seek(_DIGEST_SIZE)
            return _Unpickler(file).load()  # from the file: a copy in between is memory that stays
    except (OSError, pickle.UnpicklingError):
        return None


class _Unpickler(pickle.Unpickler):
    """Makes nothing but plain values and objects of our own classes: a pickle could call whatever it names."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that may be made. Raises UnpicklingError."""
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith(_OURS) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is none of ours")
