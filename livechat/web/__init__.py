"""What stands around every view: requests, headers, limits, static files, words.

accept         whether a page or JSON is asked for
assets         static files: joined, minified, with a fingerprint in their address
derivers       what is wrapped around every view
devices        browsers that know an account
headers        safe headers, CORS, compression
json_renderer  JSON answers in UTF-8
limit_storage  the memory of the rate limits
rate_limits    how fast one may go
request_body   requests are read whole and strictly
script_texts   the words for scripts
"""
