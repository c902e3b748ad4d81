"""The HTTP layer: each view checks its input, calls one function, and shapes the answer. desk/ has the team's pages.

customer       the customer side: start, send, messages, close, ...
customer_json  the JSON that the customer side answers with
demo           the demo shop
errors         every error as a page or as JSON
login          signing in and out, invitations
resume         resume tickets
site           the widget's loader, the health check, and where / leads
streaming      responses that stream events
"""
