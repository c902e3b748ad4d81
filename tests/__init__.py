"""Tests treat every warning as an error. Pyramid's import of pkg_resources raises warnings beyond our control."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyramid.asset  # noqa: F401
