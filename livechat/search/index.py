"""The search index on SQLite (FTS5) and on PostgreSQL (tsvector).

It returns the ids of the messages and sessions that match a query, the newest first.
See docs/decisions/0012-search.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine, TextClause, text

from ..db.dialects import Reader, on_sqlite
from ..db.engine import LONG, WRITING
from ..db.errors import unless_away
from .query import Query, Term

EXPANDED = 40  # words to which a prefix is expanded at most
IN_PREFIX_INDEX = 3  # letters up to which FTS5 has an index of prefixes
WINDOW = 10_000  # ids that PostgreSQL scans first, the newest first
WIDER = 25_000  # ids in each further scan
DENSE = 500  # scans go on while at least one in this many ids is a hit
SAMPLE = 1000  # newest ids in which PostgreSQL counts how frequent each word is
FREQUENT = 50  # hits in the sample from which a word counts as frequent

AT_ONCE = 500  # messages added to SQLite's index in one transaction

# The messages that are not in the index yet: ids only grow, and SQLite has one writer at a time.
_NEW = (
    " FROM chat_messages WHERE id > (SELECT coalesce(max(id), 0) FROM search_messages_docsize)"
    " AND sender != 'system'"
)
_ANY_NEW = text(f"SELECT 1{_NEW} LIMIT 1")
_TAKE_IN = text(
    "INSERT INTO search_messages (rowid, body, sender, author_key)"
    f" SELECT id, body, sender, author_key{_NEW} ORDER BY id LIMIT {AT_ONCE}"
)
# A savepoint makes FTS5 write and merge here instead of during the commit.
_WRITE_DOWN = text("SAVEPOINT taken_in")
_NEXT_WORD = text("SELECT term FROM search_terms WHERE term >= :least ORDER BY term LIMIT 1")


def keep_up(engine: Engine, most: int | None = None) -> None:
    """Add new messages to SQLite's index, all or about the oldest `most`. PostgreSQL's index needs no upkeep.

    Raises an error for which `db.errors.is_away` is true when another writer holds the database.
    """
    if not on_sqlite(engine):
        return
    taken = 0
    while most is None or taken < most:
        with engine.connect() as db:
            if not db.execute(_ANY_NEW).first():
                return
        with engine.connect().execution_options(**WRITING) as db, db.begin():
            taken += db.execute(_TAKE_IN.execution_options(**LONG)).rowcount
            db.execute(_WRITE_DOWN.execution_options(**LONG))


def catch_up(engine: Engine) -> None:
    """Add all new messages to the index before a search.

    If another writer holds the database, the function does nothing, and the search misses about the newest second.
    """
    with unless_away():
        keep_up(engine)


def messages(
    db: Reader, query: Query, author: int | None, *, below: int, above: int, limit: int
) -> list[int]:
    """The ids of at most `limit` messages that match a query's words and sender, the newest first.

    Parameters: `author` is the id of the admin who wrote the messages, or None; `below` and `above` limit the ids, both
    excluded.
    """
    if on_sqlite(db):
        asked = _fts5_messages(db, query, author)
        return _from_fts5(db, "search_messages", asked, below, above, limit)
    facets = ["@" + query.sender] if query.sender in {"customer", "admin", "note"} else []
    facets += [f"@admin:{author}"] if author else []
    return _from_tsvector(db, "search_messages", query, facets, below, above, limit)


def sessions(db: Reader, query: Query, *, below: int, above: int, limit: int) -> list[int]:
    """The ids of at most `limit` sessions whose name, e-mail address, product or tags match, the newest first.

    `below` and `above` limit the ids, both excluded.
    """
    if on_sqlite(db):
        asked = _fts5(query.terms, query.excluded)
        if query.product:
            product = f"product : ({_fts5(query.product, ())})"
            asked = f"({asked}) AND {product}" if query.terms else product
        return _from_fts5(db, "search_sessions", asked, below, above, limit)
    return _from_tsvector(db, "search_sessions", query, [], below, above, limit)


def _from_fts5(db: Reader, table: str, asked: str, below: int, above: int, limit: int) -> list[int]:
    # The index returns the ids in order, and stops when it has found enough.
    statement = text(
        f"SELECT rowid FROM {table} WHERE {table} MATCH :asked AND rowid < :below"  # noqa: S608 - our names
        " AND rowid > :above ORDER BY rowid DESC LIMIT :limit"
    )
    return _numbers(db, statement, asked=asked, below=below, above=above, limit=limit)


def _fts5_messages(db: Reader, query: Query, author: int | None) -> str:
    parts = []
    if query.terms:
        words = " AND ".join(_expanded(db, each) for each in query.terms)
        parts.append(f"body : ({words})")
    if query.sender in {"customer", "admin", "note"}:
        parts.append(f'sender : "{query.sender}"')
    if author:
        parts.append(f'author_key : "admin {author:d}"')
    asked = " AND ".join(f"({part})" for part in parts)
    if query.excluded:
        unwanted = " OR ".join(map(_fts5_term, query.excluded))
        asked = f"({asked}) NOT (body : ({unwanted}))"
    return asked


def _fts5(terms: Sequence[Term], excluded: Sequence[Term]) -> str:
    asked = " AND ".join(map(_fts5_term, terms))
    unwanted = " OR ".join(map(_fts5_term, excluded))
    return f"({asked}) NOT ({unwanted})" if asked and unwanted else asked


def _fts5_term(term: Term) -> str:
    # The words consist of letters and digits only, so they contain no FTS5 syntax.
    return f'"{" ".join(term.words)}"' + (" *" if term.goes_on else "")


def _expanded(db: Reader, term: Term) -> str:
    """A term as an FTS5 expression, its prefix expanded to whole words unless there are more than EXPANDED.

    For a prefix, FTS5 collects all matches before it returns the first one; for whole words it reads lazily.
    """
    word = term.folded[0]
    if (
        not term.goes_on
        or len(term.words) > 1
        or len(word) <= IN_PREFIX_INDEX
        or not word.isascii()
    ):
        return _fts5_term(term)
    found = list(_words_beginning(db, word))
    if not found or len(found) > EXPANDED:
        return _fts5_term(term)
    return "(" + " OR ".join(f'"{each}"' for each in found) + ")"


def _words_beginning(db: Reader, word: str) -> Iterator[str]:
    least = word
    for _ in range(EXPANDED + 1):
        found = db.execute(_NEXT_WORD, {"least": least}).scalar()
        if found is None or not found.startswith(word):
            return
        yield found
        least = found + "\x01"


def _from_tsvector(
    db: Reader, table: str, query: Query, facets: Sequence[str], below: int, above: int, limit: int
) -> list[int]:
    """The ids of matching rows on PostgreSQL: scans the newest rows, and uses the index only if hits are rare.

    A GIN index has no order, so it collects all hits before the newest are known. Frequent words are found sooner by
    scanning the newest rows.
    """
    asked, given = _tsquery(query, facets)
    fits = f"words @@ ({asked})"
    one_by_one = f"({fits}) IS TRUE"  # keeps the planner from using the GIN index
    in_order = text(
        f"SELECT id FROM {table} WHERE {one_by_one}"  # noqa: S608
        " AND id < :below AND id > :above ORDER BY id DESC LIMIT :limit"
    )
    newest = db.execute(text(f"SELECT max(id) FROM {table}")).scalar() or 0  # noqa: S608
    found: list[int] = []
    below, window = min(below, newest + 1), WINDOW
    while below > above + 1 and len(found) < limit:
        floor = max(above, below - window - 1)
        some = _numbers(db, in_order, **given, below=below, above=floor, limit=limit - len(found))
        found, below = found + some, floor + 1
        if len(some) < window // DENSE:
            break
        window = WIDER
    if below <= above + 1 or len(found) >= limit:
        return found
    # Collect all hits from the GIN index, then sort them. The + 0 keeps the planner from using the index on id.
    rare = _rare_words(db, table, query, newest)
    if rare:
        fits = f"words @@ to_tsquery('simple', :rare) AND {one_by_one}"
        given["rare"] = " & ".join(rare)
    looked_up = text(
        f"WITH hits AS MATERIALIZED (SELECT id FROM {table} WHERE {fits}"  # noqa: S608
        " AND id + 0 < :below AND id + 0 > :above) SELECT id FROM hits ORDER BY id DESC LIMIT :limit"
    )
    rest = limit - len(found)
    return found + _numbers(db, looked_up, **given, below=below, above=above, limit=rest)


def _rare_words(db: Reader, table: str, query: Query, newest: int) -> list[str]:
    """The query's rare words, for the GIN index; empty when all words are rare or all are frequent.

    For a frequent prefix, GIN collects every row that has it, even if the other words leave few.
    """
    words = _words(query)
    if len(words) < 2:
        return []
    hits = ", ".join(
        f"count(*) FILTER (WHERE words @@ to_tsquery('simple', :word{n}))"
        for n in range(len(words))
    )
    sample = text(f"SELECT {hits} FROM {table} WHERE id > :above")  # noqa: S608
    given = {f"word{n}": word for n, word in enumerate(words)}
    counts = db.execute(sample, {**given, "above": newest - SAMPLE}).one()
    rare = [word for word, count in zip(words, counts, strict=True) if count < FREQUENT]
    return rare if len(rare) < len(words) else []


def _tsquery(query: Query, facets: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The SQL of a tsquery and its parameters. Facets are words with an @, which no word of a text contains."""
    words = _words(query)
    parts, given = [], {}
    if words:
        parts.append("to_tsquery('simple', :words)")
        given["words"] = " & ".join(words)
    if query.excluded:
        parts.append("!! to_tsquery('simple', :unwanted)")
        given["unwanted"] = " | ".join(map(_tsquery_term, query.excluded))
    if facets:
        parts.append("CAST(:facets AS tsquery)")
        given["facets"] = " & ".join(f"'{each}'" for each in facets)
    return " && ".join(parts), given


def _words(query: Query) -> list[str]:
    of_product = [_tsquery_term(each, "B") for each in query.product]
    return [_tsquery_term(each) for each in query.terms] + of_product


def _tsquery_term(term: Term, weight: str = "") -> str:
    *first, last = term.folded
    ending = f":{'*' if term.goes_on else ''}{weight}" if term.goes_on or weight else ""
    words = [
        *(f"'{word}'" + (f":{weight}" if weight else "") for word in first),
        f"'{last}'{ending}",
    ]
    return "(" + " <-> ".join(words) + ")"


def _numbers(db: Reader, statement: TextClause, **given: str | int) -> list[int]:
    return list(db.execute(statement.execution_options(**LONG), given).scalars())
