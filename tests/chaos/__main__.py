"""`python -m tests.chaos [NUMBER ...] [--quick] [--folder FOLDER]`: proves the promises of reliability.md, or fails.

Every fault is a real one: processes are killed, servers go away, connections fall silent. Prints one table; the ledger
and the logs stay on disk, and their path is the last line.
"""

import sys

from tests.chaos.catalogue import SCENARIOS
from tests.chaos.runner import main

if __name__ == "__main__":
    sys.exit(main("chaos", __doc__, SCENARIOS))
