"""Lanes: the queue of one model, and the Celery queue that carries its turns."""

from pathlib import PurePath

MAINTENANCE_QUEUE = "maintenance"
"""Celery queue of the periodic clean-up."""

TURN_TASK = "scriptorium.turn"
"""Celery task: work on a lane until it is empty."""

CLEAN_UP_TASK = "scriptorium.clean_up"
"""Celery task: remove what is no longer needed."""


def lane_of(model: str) -> str:
    """Return the lane of a model given by size (`base`), hub id (`org/name`) or directory: its last part."""
    return PurePath(model).name


def turn_queue(lane: str) -> str:
    """Return the name of the Celery queue that carries a lane's turns."""
    return f"lane.{lane}"
