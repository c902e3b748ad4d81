"""The layer around every view: requests, headers, limits, static files and texts.

accept         whether a client wants a page or JSON
assets         static files: bundled, minified, with a fingerprint in their URL
derivers       view derivers that check paths and origins
devices        device cookies: browsers that know an account
headers        security headers, CORS, compression
json_renderer  JSON in UTF-8
limit_storage  the storage of the rate limits
rate_limits    rate limits per guest, per network and in total
request_body   reading requests whole and strictly
script_texts   the texts that scripts show
"""
