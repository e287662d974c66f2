"""How many examples a law is held against: `LAWS=2000 pytest …`, as `make test-long` does."""

import os

EXAMPLES = int(os.environ.get("LAWS", "200"))
