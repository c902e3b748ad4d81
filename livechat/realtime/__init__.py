"""How news travels: from a commit to every process, and from there to every stream.

backends        wake-ups between processes: memory, SQLite's data_version, NOTIFY, Redis
bounded         a memory bounded in bytes
duties          what SQLite needs every second: checkpoints, the search's index
feeds           what a stream of a conversation reads
hints           what processes tell each other: ids, no text
hub             who listens in this process
inbox_feed      what a stream of the inbox reads
poll_cache      polls without news: what is remembered, and answers that are given again
refresh_budget  figures that are counted again only as often as they cost
service         `request.realtime`: all of this for one process, and what it does every second
sse             server-sent events
sweep           finding what was committed without a hint
wakeup          the contract of all wake-ups
"""
