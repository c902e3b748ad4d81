"""Identity: admins with their passwords and logins, and guests with their tokens.

admins          admins: invitations, roles, disabling, starting and ending logins
guests          guests, their tokens, and the revocation of both
login_limits    limits on sign-in attempts, counted in the database
logins          an admin's logins by device, and ending them
password_rules  the rules for new passwords
passwords       hashing with Argon2, in a bounded thread pool
profile         an admin's changes to their own account
resume_tickets  how a browser that lost its token gets another one
sign_in         signing in with a password or an invitation
"""
