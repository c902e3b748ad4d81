"""`livechat search`: find words in everything that was ever written."""

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


@click.command(short_help="Search messages, names, products and tags.")
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=30,
    show_default=True,
    help="Maximum number of results.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def search(context: Context, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search messages, names, emails, products and tags, newest result first.

    Matches the start of words. Case and accents are ignored. Filters: from:customer (admin, note or a username),
    tag:, product:, status:, assignee:, before:2026-01-31, after:2026-01-31. A - before a word excludes it; put --
    before the first word then.

    Columns when piped: chat number, entry number (empty if the customer or product matches), time, from
    (customer, admin, note or session), author, customer's name, text around the match.

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
                ["Chat", "Time", ("Customer", {"max_width": 24}), "Message"],
                [[hit.number, styled(local_time(hit.created_at), "dim"), hit.name, _marked(hit)]
                 for hit in found.hits],
            )  # fmt: skip
    else:
        for hit in found.hits:
            print_plain(
                [hit.number, hit.seq, hit.created_at, hit.sender, hit.author, hit.name, _text(hit)]
            )
    if found.next:
        tell(f"Only the first {limit} are shown. Use --limit {limit * 10} for more.")
    elif not found.hits:
        tell("No results.")


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
