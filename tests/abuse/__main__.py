"""`python -m tests.abuse [NUMBER ...] [--quick] [--folder FOLDER]`: attacks the service as reliability.md says.

Every attack is a real one, over real HTTP, on the whole service. Prints one table; the ledger and the logs stay on
disk, and their path is the last line.
"""

import sys

from tests.abuse.catalogue import SCENARIOS
from tests.chaos.runner import main

if __name__ == "__main__":
    sys.exit(main("abuse", __doc__, SCENARIOS))
