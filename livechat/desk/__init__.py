"""The team's tools: the inbox, assignment, canned replies, presence and the audit log.

audit_trail      entries of the audit log as sentences
auto_assignment  automatic assignment and unassignment, and the end of snoozes
canned_replies   canned replies with variables
counts           the number of conversations
filters          filters of the inbox
inbox            the inbox: its pages, what changes in them, and what is new for an admin
preferences      an admin's preferences and saved views
presence         which customers and admins are online
team             the team as owners see it
"""
