"""What the team works with.

audit_trail      the audit log in words
auto_assignment  waiting conversations are assigned automatically
canned_replies   canned replies
counts           how many conversations there are, by status
filters          which conversations a list shows
inbox            the list: its pages, what changes in it, and what is new for an admin
preferences      how the desk looks for an admin; saved views
presence         who is here
team             the team as owners see it
"""
