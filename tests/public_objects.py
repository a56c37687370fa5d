"""Which classes a user can come to hold: those in ``connectorkit.__all__``, and what that returns."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import connectorkit


def reachable() -> list[type]:
    """All of them, by annotations: of public functions, methods, properties and attributes."""
    waiting = [kind for name in connectorkit.__all__ for kind in _returned(getattr(connectorkit, name))]
    found: dict[type, None] = {}
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found[kind] = None
            waiting += _members(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def _returned(value: Any) -> Iterator[type]:
    if inspect.isclass(value):
        yield value
    elif inspect.ismodule(value):
        for name in getattr(value, "__all__", dir(value)):
            inner = getattr(value, name)
            if not name.startswith("_") and getattr(inner, "__module__", "").startswith("connectorkit"):
                yield from _returned(inner)
    elif inspect.isfunction(value):
        yield from _named(value.__annotations__.get("return", ""), value.__module__)


def _members(kind: type) -> Iterator[type]:
    for base in kind.__mro__:
        if not base.__module__.startswith("connectorkit"):
            continue
        for name, member in vars(base).items():
            function = getattr(member, "fget", None) or getattr(member, "func", None) or member
            function = inspect.unwrap(function) if callable(function) else function
            if not name.startswith("_") and inspect.isfunction(function):
                yield from _named(function.__annotations__.get("return", ""), base.__module__)
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if not name.startswith("_"):
                yield from _named(annotation, base.__module__)


def _named(annotation: Any, module: str) -> Iterator[type]:
    """The kit's own classes in an annotation, which is text and may be imported for type checkers only."""
    home = sys.modules[module]
    for word in dict.fromkeys(re.findall(r"\w+", str(annotation))):
        kind = getattr(home, word, None)
        if kind is None and word in _imported(module):
            kind = getattr(importlib.import_module(_imported(module)[word]), word, None)
        if inspect.isclass(kind) and kind.__module__.startswith("connectorkit"):
            yield kind


@functools.cache
def _imported(module: str) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("connectorkit")
        for alias in node.names
    }
