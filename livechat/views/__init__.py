"""The views: HTTP in, HTTP out; what happens is decided elsewhere."""
