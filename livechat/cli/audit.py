"""`livechat audit`: who did what that only the team may do."""

from __future__ import annotations

from datetime import date

import click

from ..audit import Act
from ..desk import audit_trail
from ..statistics.report import midnight
from .context import Context, pass_context, tell
from .output import is_terminal, local_time, print_json, print_plain, print_table, styled
from .params import NUMBER, session_by_number
from .report import Day


@click.command(short_help="Show the audit log.")
@click.option(
    "--actor", metavar="ADMIN", help="Only entries by this admin; none: by the command line."
)
@click.option("--act", type=click.Choice([act.value for act in Act]), help="Only this action.")
@click.option("--session", type=NUMBER, metavar="NUMBER", help="Only entries about this chat.")
@click.option("--since", type=Day(), help="Only entries since this day (UTC).")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="Maximum number of entries.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@pass_context
def audit(
    context: Context, actor: str | None, act: str | None, session: int | None,
    since: date | None, limit: int, as_json: bool,
) -> None:  # fmt: skip
    """Show the audit log, newest entry first.

    Columns when piped: entry number, time, actor (empty for livechat itself, and for the command line without an
    admin), action, chat number, target, sentence, and kind of actor: admin, shell (the command line) or system
    (livechat itself).

    \b
    Examples:
      livechat audit
      livechat audit --actor anna --since 2026-11-01
      livechat audit --act role --json
      livechat audit --session 12 | cut -f2,7
    """
    with context.reading() as db:
        found, following = audit_trail.page(
            db,
            before=None,
            limit=limit,
            actor=audit_trail.actor_key(db, actor),
            act=audit_trail.check_act(act),
            session=None if session is None else session_by_number(db, session).id,
            since=midnight(since) if since else None,
        )
        people = audit_trail.people_now(db)
        shapes = [audit_trail.shape(entry, people) for entry in found]
        times = [entry.created_at for entry in found]
        actors = [
            entry.actor_name and audit_trail.plain(audit_trail.actor_of(entry)) for entry in found
        ]
    if as_json:
        for shape in shapes:
            print_json(shape)
    elif is_terminal():
        if shapes:
            rows = zip(times, shapes, strict=True)
            print_table(
                ["Time", "Action"],
                [[styled(local_time(at), "dim"), shape["sentence"]] for at, shape in rows],
            )
    else:
        columns = ("act", "number", "target", "sentence", "actor_kind")
        for at, shape, who in zip(times, shapes, actors, strict=True):
            print_plain([shape["id"], at, who, *(shape[name] for name in columns)])
    if following:
        tell(f"Only the first {limit} are shown. Use --limit {limit * 10} for more.")
    elif not shapes:
        tell("No results.")
