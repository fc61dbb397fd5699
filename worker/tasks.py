"""The Celery side: the two tasks, and the queue of turns as the reaper sees it."""

from collections.abc import Callable
from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import ChannelError

from core.lanes import CLEAN_UP_TASK, TURN_TASK, turn_queue

_NOT_FOUND = "404"


def register_turn(app: Celery, take_turn: Callable[[str], object]) -> None:
    """Register the task of a worker. What it returns, as text, is what Flower shows."""

    @app.task(name=TURN_TASK)
    def turn(lane: str) -> str:
        return str(take_turn(lane))


def register_clean_up(app: Celery, clean_up: Callable[[], str]) -> None:
    """Register the task of the maintenance process."""

    @app.task(name=CLEAN_UP_TASK)
    def clean() -> str:
        return clean_up()


class TurnQueue:
    """The messages that wait in a lane's Celery queue, on whatever broker."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def length(self, lane: str) -> int:
        """Return how many turns wait."""
        with self._app.connection_for_read() as connection:
            try:
                declared: Any = Queue(turn_queue(lane), channel=connection.default_channel).queue_declare(passive=True)
                return int(declared.message_count)
            except ChannelError as error:
                # On Redis an empty queue is one that does not exist; its reply code is text there, elsewhere a number.
                if str(error.reply_code) == _NOT_FOUND:
                    return 0
                raise

    def send(self, lane: str, turns: int) -> None:
        """Send turns."""
        with self._app.producer_pool.acquire(block=True) as producer:
            for _ in range(turns):
                self._app.send_task(TURN_TASK, args=[lane], queue=turn_queue(lane), producer=producer, retry=False)
