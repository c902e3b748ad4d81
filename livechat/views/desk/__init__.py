"""The team's pages.

audit              the audit log
common             what these views share: how they are registered, what they read and answer
conversation       a conversation: reading, answering, assigning, closing
conversation_acts  notes, tags, priority, snooze, block, transfer, drafts, undo
history            a conversation in pages
inbox              the inbox
layout             what every page of the desk needs
profile            one's own account
replies            canned replies
search             the search
statistics         the statistics
team               the team
workspace          acts on several conversations, saved views, preferences, teammates
"""
