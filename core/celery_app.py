"""The one place that sets up Celery. Its messages are turns: they carry no job, so losing one costs nothing."""

import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from kombu import Queue


def create_celery(broker_url: str, *, queue: str | None = None) -> Celery:
    """Return a Celery application that sends turns and, given a queue, consumes that one.

    Acknowledging early is safe because the job's truth is in Redis. Prefetch is off, so no idle worker waits
    behind a busy one's reserved turns. Broker connections are retried for ever, and a running turn outlives them.
    """
    # The warning is about running as root and taking pickled messages; ours are JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app = Celery("scriptorium", broker=broker_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_acks_late=False,
        task_ignore_result=True,
        task_create_missing_queues=True,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # Of RabbitMQ: a connection that died silently is noticed within twice this. Celery's default is 120 s.
        broker_heartbeat=10,
        # Who sends a turn or counts them would rather hear at once that the broker is away: the reaper sends them
        # later, and kombu's default holds the thread for six seconds. The consumer's own retries are others.
        broker_transport_options={"max_retries": 0}
        | (
            {
                "socket_timeout": 10,
                "socket_connect_timeout": 2,
                "socket_keepalive": True,
                "health_check_interval": 5,
                "retry_on_timeout": True,
                # Turns need no second copy until they are acknowledged, and a worker that loses Redis just between
                # taking and acknowledging one would end over it (kombu 5.7 restores by a client that is gone).
                "ack_emulation": False,
            }
            if broker_url.startswith(("redis", "rediss"))
            else {}
        ),
    )
    if queue is not None:
        app.conf.task_queues = [Queue(queue)]
    return app
