"""The search of conversations.

engine       finding messages and sessions by words and filters
inbox_field  the search field above the inbox
index        the index: FTS5 on SQLite, tsvector on PostgreSQL
query        parsing a search into words and filters; snippets
results      hits and their JSON
"""
