"""``python -m livechat.cli``: the same as the command `livechat`."""

import sys

from . import main

sys.exit(main())
