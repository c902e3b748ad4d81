"""The HTTP server. Only the command line knows which one it is.

connections    how many connections are open, and which close when there is no room
heartbeats     comments that keep idle streams open
http           gevent's server, and how it sends streams
http_bodies    reading request bodies strictly
http_requests  reading request lines and headers strictly
paste          the same server for `pserve`
sockets        the addresses and sockets it listens on
supervisor     several processes behind one port
"""
