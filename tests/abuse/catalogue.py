"""The tests of reliability.md that attack the service, by their number there."""

from tests.abuse.scenarios import media, playlists
from tests.chaos.runner import Scenarios

SCENARIOS: Scenarios = {
    "16": media.bombs_and_mutants,
    "17": playlists.canary,
}
