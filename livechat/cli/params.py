"""The number by which staff call a chat: reading it, and finding the chat."""

from __future__ import annotations

import re
from typing import Any

import click
from sqlalchemy.orm import Session

from ..exceptions import Missing
from ..models import ChatSession


class Number(click.ParamType[int]):
    """A session's number, as digits and nothing else."""

    name = "NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if not re.fullmatch(r"[0-9]{1,20}", text):
            self.fail(f"{text!r} is not a chat number.", param, ctx)
        return int(text)


NUMBER = Number()


def session_by_number(db: Session, number: int) -> ChatSession:
    """A session by its number. Raises Missing."""
    # No database has numbers beyond these, and not every one takes the question kindly.
    session = db.get(ChatSession, number) if number < 2**31 else None
    if session is None:
        raise Missing(f"There is no chat #{number}.")
    return session
