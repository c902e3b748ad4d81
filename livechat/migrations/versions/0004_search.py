"""Full-text search: an index of messages and one of sessions, kept by triggers; see docs/decisions/0012-search.md.

A later migration that rebuilds chat_messages or chat_sessions (SQLite, batch_alter_table) loses their triggers and must
run `make_triggers` of this file.
"""

from __future__ import annotations

import sys
import unicodedata

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The words of a session, as both databases index them.
SESSION_WORDS = (
    "SELECT chat_sessions.id AS id, coalesce(customer_name, '') AS name,"
    " coalesce(customer_email, '') AS email,"
    " coalesce(product_name, '') || ' ' || coalesce(product_id, '') AS product,"
    " coalesce((SELECT {joined} FROM session_tags JOIN tags ON tags.id = session_tags.tag_id"
    " WHERE session_tags.session_id = chat_sessions.id), '') AS tags FROM chat_sessions"
)
DESCRIBED = "customer_name, customer_email, product_id, product_name"
CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in DESCRIBED.split(", "))

TOKENS = "tokenize = 'unicode61 remove_diacritics 2'"
SQLITE_TABLES = (
    # The texts of messages are not stored twice: the index refers to the table.
    "CREATE VIRTUAL TABLE search_messages USING fts5(body, sender, author_key,"
    f" content = 'chat_messages', content_rowid = 'id', {TOKENS}, prefix = '2 3')",
    "CREATE VIRTUAL TABLE search_terms USING fts5vocab(search_messages, instance)",
    f"CREATE VIRTUAL TABLE search_sessions USING fts5(name, email, product, tags, {TOKENS},"
    " prefix = '1 2 3 4 5')",
    f"CREATE VIEW session_words AS {SESSION_WORDS.format(joined='group_concat(tags.name, char(10))')}",
    "INSERT INTO search_messages (rowid, body, sender, author_key)"
    " SELECT id, body, sender, author_key FROM chat_messages WHERE sender != 'system' ORDER BY id",
    "INSERT INTO search_sessions (rowid, name, email, product, tags)"
    " SELECT id, name, email, product, tags FROM session_words",
)
_ADD_MESSAGE = (
    "INSERT INTO search_messages (rowid, body, sender, author_key)"
    " SELECT NEW.id, NEW.body, NEW.sender, NEW.author_key WHERE NEW.sender != 'system';"
)
_TAKE_MESSAGE = (
    "INSERT INTO search_messages (search_messages, rowid, body, sender, author_key)"
    " SELECT 'delete', OLD.id, OLD.body, OLD.sender, OLD.author_key WHERE OLD.sender != 'system';"
)


def _index_again(which: str) -> str:
    return (
        f"DELETE FROM search_sessions WHERE rowid IN ({which});"  # noqa: S608 - our own texts
        " INSERT INTO search_sessions (rowid, name, email, product, tags)"
        f" SELECT id, name, email, product, tags FROM session_words WHERE id IN ({which});"
    )


# Name, when, what.
SQLITE_TRIGGERS = (
    ("message_added", "AFTER INSERT ON chat_messages", _ADD_MESSAGE),
    ("message_gone", "AFTER DELETE ON chat_messages", _TAKE_MESSAGE),
    (
        "message_changed",
        "AFTER UPDATE OF id, body, sender, author_key ON chat_messages",
        _TAKE_MESSAGE + _ADD_MESSAGE,
    ),
    ("session_added", "AFTER INSERT ON chat_sessions", _index_again("NEW.id")),
    (
        "session_gone",
        "AFTER DELETE ON chat_sessions",
        "DELETE FROM search_sessions WHERE rowid = OLD.id;",
    ),
    (
        "session_changed",
        f"AFTER UPDATE OF {DESCRIBED} ON chat_sessions WHEN {CHANGED}",
        _index_again("NEW.id"),
    ),
    ("tag_put", "AFTER INSERT ON session_tags", _index_again("NEW.session_id")),
    ("tag_taken", "AFTER DELETE ON session_tags", _index_again("OLD.session_id")),
    (
        "tag_renamed",
        "AFTER UPDATE OF name ON tags WHEN OLD.name IS NOT NEW.name",
        _index_again("SELECT session_id FROM session_tags WHERE tag_id = NEW.id"),
    ),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE_TABLES:
            _run(statement)
    else:
        for statement in _postgresql():
            _run(statement)
    make_triggers()


def make_triggers() -> None:
    """Create the triggers that keep the index up to date, whatever program writes."""
    if op.get_bind().dialect.name == "sqlite":
        for name, when, what in SQLITE_TRIGGERS:
            _run(f"CREATE TRIGGER search_{name} {when} BEGIN {what} END")
        return
    for table, when, function in POSTGRESQL_TRIGGERS:
        each = "STATEMENT" if when == "TRUNCATE" else "ROW"
        name = f"search_{table}_{when.split()[0].lower()}"
        _run(
            f"CREATE TRIGGER {name} AFTER {when} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, _when, _what in SQLITE_TRIGGERS:
            _run(f"DROP TRIGGER search_{name}")
        _run("DROP VIEW session_words")
        for table in ("search_terms", "search_messages", "search_sessions"):
            _run(f"DROP TABLE {table}")
        return
    for function in sorted({function for _table, _when, function in POSTGRESQL_TRIGGERS}):
        _run(f"DROP FUNCTION {function}() CASCADE")
    _run("DROP FUNCTION search_index_session(integer)")
    _run("DROP FUNCTION search_vector(text, text, text)")
    _run("DROP TABLE search_messages")
    _run("DROP TABLE search_sessions")
    _run("DROP VIEW session_words")
    _run("DROP FUNCTION search_fold(text)")


POSTGRESQL_TRIGGERS = (
    ("chat_messages", "INSERT OR UPDATE OF id, body, sender, author_key", "search_keep_message"),
    ("chat_messages", "DELETE", "search_drop_message"),
    ("chat_messages", "TRUNCATE", "search_empty_messages"),
    ("chat_sessions", f"INSERT OR UPDATE OF {DESCRIBED}", "search_keep_session"),
    ("chat_sessions", "DELETE", "search_drop_session"),
    ("chat_sessions", "TRUNCATE", "search_empty_sessions"),
    ("session_tags", "INSERT OR UPDATE", "search_keep_tagged"),
    ("session_tags", "DELETE", "search_drop_tagged"),
    ("tags", "UPDATE OF name", "search_rename_tag"),
)
# The weights mark the columns: a search for a product looks for B.
SESSION_VECTOR = (
    "setweight(to_tsvector('simple', search_fold(name || chr(10) || email)), 'A')"
    " || setweight(to_tsvector('simple', search_fold(product)), 'B')"
    " || setweight(to_tsvector('simple', search_fold(tags)), 'C')"
)


def _postgresql() -> list[str]:
    upper, lower = _capitals()
    fold = f"""
        CREATE FUNCTION search_fold(given text) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN octet_length(given) = char_length(given)
        THEN regexp_replace(lower(given), '[^a-z0-9]+', ' ', 'g')
        ELSE regexp_replace(
            lower(translate(
                regexp_replace(normalize(given, NFD), '[\\u0300-\\u036f]+', '', 'g'),
                '{upper}', '{lower}')),
            '[{_separators()}]+', ' ', 'g')
        END $$"""
    vector = """
        CREATE FUNCTION search_vector(body text, sender text, author_key text) RETURNS tsvector
        LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT to_tsvector('simple', search_fold(body))
            || array_to_tsvector(ARRAY['@' || sender, '@' || author_key]) $$"""
    keep_session = f"""
        CREATE FUNCTION search_index_session(which integer) RETURNS void LANGUAGE sql AS $$
        INSERT INTO search_sessions (id, words)
        SELECT id, {SESSION_VECTOR}
        FROM session_words WHERE id = which
        ON CONFLICT (id) DO UPDATE SET words = excluded.words $$"""  # noqa: S608
    words = SESSION_WORDS.format(joined="string_agg(tags.name, chr(10))")
    return [
        fold,
        vector,
        f"CREATE VIEW session_words AS {words}",
        "CREATE TABLE search_messages (id integer PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE TABLE search_sessions (id integer PRIMARY KEY, words tsvector NOT NULL)",
        keep_session,
        "INSERT INTO search_messages (id, words) SELECT id, search_vector(body, sender, author_key)"
        " FROM chat_messages WHERE sender <> 'system' ORDER BY id",
        f"INSERT INTO search_sessions (id, words) SELECT id, {SESSION_VECTOR} FROM session_words"  # noqa: S608
        " ORDER BY id",
        # Every search reads the list of pending entries, so it stays short.
        "CREATE INDEX ix_search_messages_words ON search_messages USING gin (words)"
        " WITH (gin_pending_list_limit = 512)",
        "CREATE INDEX ix_search_sessions_words ON search_sessions USING gin (words)"
        " WITH (gin_pending_list_limit = 512)",
        _function(
            "search_keep_message",
            "IF TG_OP = 'UPDATE' THEN DELETE FROM search_messages WHERE id = OLD.id; END IF;"
            " IF NEW.sender <> 'system' THEN INSERT INTO search_messages (id, words)"
            " VALUES (NEW.id, search_vector(NEW.body, NEW.sender, NEW.author_key)); END IF;",
        ),
        _function("search_drop_message", "DELETE FROM search_messages WHERE id = OLD.id;"),
        _function("search_empty_messages", "TRUNCATE search_messages;"),
        _function("search_keep_session", "PERFORM search_index_session(NEW.id);"),
        _function("search_drop_session", "DELETE FROM search_sessions WHERE id = OLD.id;"),
        _function("search_empty_sessions", "TRUNCATE search_sessions;"),
        _function("search_keep_tagged", "PERFORM search_index_session(NEW.session_id);"),
        _function("search_drop_tagged", "PERFORM search_index_session(OLD.session_id);"),
        _function(
            "search_rename_tag",
            "PERFORM search_index_session(session_id) FROM session_tags WHERE tag_id = NEW.id;",
        ),
    ]


def _function(name: str, what: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {what} RETURN NULL; END $$"
    )


def _capitals() -> tuple[str, str]:
    """Capital letters without accents, and their small letters, for databases whose locale knows only ASCII."""
    pairs = [
        (chr(code), chr(code).lower())
        for code in range(0x80, 0x590)
        if len(chr(code).lower()) == 1
        and chr(code).lower() != chr(code)
        and not unicodedata.decomposition(chr(code))
    ]
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)


def _separators() -> str:
    """Characters that are neither letters nor digits, for the brackets of a regular expression."""
    ranges: list[list[int]] = []
    for code in range(1, sys.maxunicode + 1):
        if 0xD800 <= code < 0xE000 or unicodedata.category(chr(code))[0] in "LN":
            continue
        if unicodedata.category(chr(code)) == "Co":
            continue
        if ranges and (ranges[-1][1] == code - 1 or (ranges[-1][1], code) == (0xD7FF, 0xE000)):
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
