"""`python -m bot` is `piaoda`."""

import sys

from bot.cli import main

sys.exit(main())
