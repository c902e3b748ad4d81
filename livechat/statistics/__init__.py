"""Statistics: figures on chats, messages and waiting times.

charts  the layout of bar and line charts
daily   the statistics page: figures by day, cached once the day is over
report  `livechat report`: figures by day, admin or product
"""
