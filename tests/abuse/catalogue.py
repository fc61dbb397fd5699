"""The tests of reliability.md that attack the service, by their number there."""

from tests.abuse.scenarios import media, playlists
from tests.chaos.runner import Scenarios

SCENARIOS: Scenarios = {
    "16": media.audio_bombs,
    "17": playlists.playlists,
}
