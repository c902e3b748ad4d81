"""Who one is: admins with their passwords and logins, and guests with their tokens.

admins          admins: inviting, changing a role, disabling; invitations and their links
guests          customers: guests, their tokens, and revoking both
login_limits    how often one may try to sign in, counted in the database
logins          where an admin is signed in, by device, and ending a login
password_rules  which passwords are good enough
passwords       hashing with Argon2, in a bounded pool of threads
profile         what admins change about their own account
resume_tickets  how a browser that lost its token gets another one
sign_in         signing in with a password or an invitation
"""
