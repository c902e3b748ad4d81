"""The methods of SQLAlchemy's dialects that livechat replaces.

SQLAlchemy offers events for the same moments, but a listener costs every statement more than these replacements do.
Everything that relies on SQLAlchemy calling its dialect this way is here, and tests/unit/db/test_hooks.py checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

HOOKS = {
    "connect": "opens a connection of the driver",
    "set_connection_execution_options": "records options of a Connection, before it begins",
    "do_begin": "begins a transaction",
    "do_execute": "executes a statement that returns or changes rows",
    "do_commit": "commits a transaction",
    "is_disconnect": "decides whether an error means that the connection is lost",
}


def replace(engine: Engine, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an engine's dialect call `function` instead of its own method.

    `name`: one of HOOKS; any other raises ValueError. Returns the former method, bound to the dialect.
    """
    if name not in HOOKS:
        raise ValueError(f"{name} is not among the methods that livechat may replace")
    former: Callable[..., Any] = getattr(engine.dialect, name)
    setattr(engine.dialect, name, function)
    return former
