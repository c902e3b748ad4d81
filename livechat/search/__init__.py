"""The search over conversations.

engine       finding conversations by words and filters
inbox_field  the search field above the inbox
index        FTS5 on SQLite, tsvector on PostgreSQL
query        what was typed, read as words and filters
results      what is shown of a hit
"""
