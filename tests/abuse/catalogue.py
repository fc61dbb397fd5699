"""The tests of reliability.md that attack the service, by their number there."""

from tests.abuse.scenarios import bypasses, media, playlists, uploads
from tests.chaos.runner import Scenarios

SCENARIOS: Scenarios = {
    "16": media.audio_bombs,
    "17": playlists.playlists,
    "18-slow": uploads.slow_connections,
    "18-endless": uploads.endless_body,
    "18-full": uploads.full_disk,
    "19": bypasses.bypasses,
}
