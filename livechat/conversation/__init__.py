"""Everything that can happen to a conversation.

Each act takes a database session and locks the conversation first. Sending takes a session or a storage.

assignment       which admin answers: assign, take, unassign
collision        two admins who answer at the same moment
cursors          positions in a list that clients send back
drafts           what an admin has begun to write
earlier          the customer's other conversations
fast_path        a customer's message in one statement, or two
group_commit     many customers' messages in one transaction, on SQLite
history          a conversation in pages, bounded by entries and bytes
lifecycle        start, close, reopen
mentions         @mentions in notes
message_log      the message log of a conversation: locking it, numbering its entries
messages         sending a message: the only entry point, and the slow path
notes            internal notes, which customers never see
opening          the details a customer brings to a new conversation
read_receipts    how far each side has read
records          conversations and entries as plain rows, for frequent reads
sizes            how many bytes a conversation takes, and the limits
storage          which transaction a message is stored in
system_messages  system messages: stored as facts, worded for their reader
tags             tags
triage           priority, snooze, block, transfer
undo             taking back an admin's own act
waiting          the conditions and orders that define waiting conversations
"""
