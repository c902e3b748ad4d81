"""HTTP in and out: each view checks what it is given, calls one function, and shapes the
answer. desk/ has the team's pages.

customer       the customer's side: start, send, messages, close, ...
customer_json  what the customer's side answers
demo           the demo shop
errors         every error as a page or as JSON
login          signing in and out, invitations
resume         resume tickets
site           the widget's loader, the health check, robots.txt
streaming      answers that last
"""
