# SPDX-License-Identifier: MIT
"""Modules of Python that others import and hardly anybody asks: loaded when somebody does.

`dataclasses` imports `inspect`, and that `ast` and `tokenize`, to read the source of programs. Here
nobody does; in each of a dozen services they would take 0.4 MB, and a thirtieth of its start.
importlib's LazyLoader is no help: the second import of a module loads it already.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

SPARED = ("ast", "tokenize")


def install(names: tuple[str, ...] = SPARED) -> None:
    """Have these modules loaded at the first use of what is in them, unless they are already."""
    for name in names:
        if name not in sys.modules:
            sys.modules[name] = _stand_in(name)


def _stand_in(name: str) -> types.ModuleType:
    """Return a module that becomes the real one as soon as an attribute is asked for (PEP 562)."""
    module = types.ModuleType(name)

    def load(attribute: str) -> Any:
        if sys.modules.get(name) is module:
            del sys.modules[name]
            module.__dict__.update(importlib.import_module(name).__dict__)
        # No longer through this function: what the real one lacks is lacking.
        if attribute in module.__dict__:
            return module.__dict__[attribute]
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    module.__dict__["__getattr__"] = load
    return module
