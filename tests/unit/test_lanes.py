"""A model and its lane go by the same last name, wherever the model comes from."""

import pytest

from core.lanes import CLEAN_UP_TASK, MAINTENANCE_QUEUE, TURN_TASK, lane_of, turn_queue


@pytest.mark.parametrize(
    ("model", "lane"),
    [
        ("base", "base"),
        ("large-v3", "large-v3"),
        ("tiny.en", "tiny.en"),
        ("Systran/faster-whisper-base", "faster-whisper-base"),
        ("/srv/models/base", "base"),
        ("/srv/models/base/", "base"),
        ("./models/my model", "my model"),
    ],
)
def test_a_lane_is_the_last_part_of_its_models_name(model: str, lane: str) -> None:
    assert lane_of(model) == lane
    assert lane_of(lane) == lane


def test_every_lane_has_a_queue_of_its_own_apart_from_maintenance() -> None:
    queues = [turn_queue(lane) for lane in ("base", "tiny", "tiny.en", MAINTENANCE_QUEUE)]
    assert len({*queues, MAINTENANCE_QUEUE}) == 5


def test_the_tasks_are_told_apart() -> None:
    assert TURN_TASK != CLEAN_UP_TASK
