"""`livechat search`: search in all messages, names, products and tags."""

from __future__ import annotations

from dataclasses import replace

import click

from ..search.engine import find
from ..search.index import catch_up
from ..search.results import Found, Hit
from .context import Context, pass_context, tell
from .output import (
    is_terminal,
    joined,
    local_time,
    print_json,
    print_plain,
    print_table,
    styled,
)

PAGE = 100


@click.command(short_help="Find words in all messages, names, products and tags.")
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=30,
    show_default=True,
    help="At most so many.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_context
def search(context: Context, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find words in messages, names, e-mail addresses, products and tags, the newest hit first.

    Beginnings of words are enough; capitals and accents do not matter. Filters: from:customer (admin, note or a
    username), tag:, product:, status:, assignee:, before:2026-01-31, after:2026-01-31. A word with a - before it
    must not be there (put -- before the first word then).

    Columns when piped: chat, number of the entry (empty: the customer or product fits), time, from (customer,
    admin, note or session), author, customer's name, the text around the hit.

    \b
    Examples:
      livechat search refund
      livechat search '"gift card" from:customer after:2026-01-31'
      livechat search --limit 500 tag:delivery lamp | cut -f1 | sort -u
      livechat search --json -- invoice -paid
    """
    found = _find(context, " ".join(query), limit)
    if as_json:
        for hit in found.hits:
            print_json(hit.shape)
    elif is_terminal():
        if found.hits:
            print_table(
                ["Chat", "Time", ("Customer", {"max_width": 24}), "Found"],
                [[hit.number, styled(local_time(hit.created_at), "dim"), hit.name, _marked(hit)]
                 for hit in found.hits],
            )  # fmt: skip
    else:
        for hit in found.hits:
            print_plain(
                [hit.number, hit.seq, hit.created_at, hit.sender, hit.author, hit.name, _text(hit)]
            )
    if found.next:
        tell(f"There are more than {limit}. See them with --limit {limit * 10}, or ask for less.")
    elif not found.hits:
        tell("Nothing fits.")


def _find(context: Context, words: str, limit: int) -> Found:
    hits: list[Hit] = []
    found = Found([], "")
    catch_up(context.engine)
    with context.reading() as db:
        while found.next is not None and len(hits) < limit:
            size = min(PAGE, limit - len(hits))
            found = find(db, words, before=found.next, limit=size)
            hits += found.hits
    return replace(found, hits=hits)


def _text(hit: Hit) -> str:
    return "".join(part["text"] for part in hit.snippet)


def _marked(hit: Hit) -> object:
    return joined(
        *(styled(part["text"], "bold yellow" if part["hit"] else "") for part in hit.snippet)
    )
