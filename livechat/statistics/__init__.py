"""The figures.

charts  where bars and lines are drawn
daily   the statistics page: days, kept once they are over
report  `livechat report`: figures by day, admin or hour
"""
