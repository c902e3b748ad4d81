"""How news travels: from a commit to every process, and from there to every stream.

backends        wake-ups between processes: SQLite's data_version, NOTIFY, Redis
bounded         a cache bounded in bytes
feeds           the feeds of a conversation, for its customer and for admins
hints           the hints that processes send each other: ids, no text
hub             the listeners of this process
inbox_feed      the feed of the inbox
poll_cache      polls without news: cached lookups and replayed answers
refresh_budget  figures that are counted again only as often as their cost allows
service         `request.realtime`: all of this for one process, and the duties it does every second
sqlite_upkeep   a duty: SQLite's checkpoints and its search index
sse             server-sent events
sweep           finding commits that came without a hint
wakeup          the contract of all wake-ups
"""
