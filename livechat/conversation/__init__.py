"""Everything that can happen to a conversation.

Each act takes a database session and locks the conversation first. Sending takes a session or a storage.

assignment       who answers it: assign, take, unassign
collision        two admins who answer at the same moment
cursors          places in a list that clients hand back
fast_path        a customer's message in one statement, or two
group_commit     many customers' messages in one transaction, on SQLite
history          a conversation in pages, bounded by entries and bytes
lifecycle        how it begins, closes and opens again
mentions         @mentions in notes
message_log      the one ordered list of a conversation: locking it, numbering its entries
messages         sending a message: the one way in, and the slow path
notes            internal notes, which customers never see
opening          what a customer brings to a new conversation
read_receipts    who has read how far
records          conversations and entries as plain rows, for what is asked often
sizes            how many bytes a conversation takes, and the bounds
storage          which transaction a message is stored in
system_messages  system messages: stored as facts, worded for their reader
tags             tags
triage           priority, snooze, block, transfer, drafts
undo             taking back an act of one's own
waiting          who is waiting: the conditions and orders
"""
