"""Runs `livechat` with a low limit on open files: ``python -m tests.few_files 256 …``."""

from __future__ import annotations

import resource
import runpy
import sys

limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
runpy.run_module("livechat.cli", run_name="__main__", alter_sys=True)
