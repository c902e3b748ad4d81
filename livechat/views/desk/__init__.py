"""The team's pages.

audit              the audit log
common             what these views share: registering views, reading input, answering
conversation       a conversation: reading, answering, assigning, closing
conversation_acts  notes, tags, priority, snooze, block, transfer, drafts, undo
history            a conversation in pages
inbox              the inbox
layout             what every page of the desk needs
profile            the current admin's account
replies            canned replies
search             the search
statistics         the statistics
team               the team
workspace          acts on several conversations, saved views, preferences, teammates
"""
