"""`scriptorium up` as its user meets it: starting, stopping, starting again, and what is set up wrong."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.ports import free_port
from tests.harness.process_tree import alive, process_tree, running
from tests.harness.service import Service, environment, until
from tests.media import silence_wav

SCRIPTED = {"TRANSCRIBER": "scripted", "SCRIPTED_RTF": "0.1", "WORKER_CONCURRENCY": "1"}
LONG = silence_wav(60, rate=8000)
TINY = silence_wav(1, rate=8000)


def run_up(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `up` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "up"],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_ctrl_c_stops_everything_in_order_and_leaves_no_process(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        assert "curl -F file=@" in service.output()
        tree = process_tree(service.process_id)
        assert len(tree) >= 4
        assert service.stop(signal.SIGINT) == 0
        assert [pid for pid in tree if alive(pid)] == []
        output = "\n".join(service.lines)
        assert output.index("worker_stopped") < output.index("ready to exit")
        assert "stopped; the jobs are kept" in output


def test_started_again_it_finds_its_jobs_again(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        done = service.submit(TINY)
        service.finished(done)
        running = service.submit(LONG)
        until(lambda: True if service.status(running)["status"] == "processing" else None, 20)
        waiting = service.submit(TINY)
        service.stop()
        service.start()
        assert service.client.get(f"/result/{done}").status_code == 200
        assert service.finished(running)["status"] == "completed"
        assert service.finished(waiting)["status"] == "completed"
        # A stop is nobody's fault: the job was handed back, and its attempt was not charged.
        assert service.status(running)["attempt"] == 1


def test_a_killed_worker_is_started_again_and_its_job_finishes(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, LEASE_SECONDS="2", HEARTBEAT_SECONDS="0.5", REAP_SECONDS="0.5") as service:
        job_id = service.submit(LONG)
        until(lambda: True if service.status(job_id)["status"] == "processing" else None, 20)
        (worker,) = running(service.process_id, "worker")
        os.kill(worker, signal.SIGKILL)
        service.wait_for_line("was killed by SIGKILL; starting it again")
        status = service.finished(job_id)
        assert (status["status"], status["attempt"]) == ("completed", 2)
        assert service.client.get("/stats").json()["lease_expiries"] == 1


def test_a_killed_gateway_and_a_killed_valkey_are_started_again(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        job_id = service.submit(TINY)
        service.finished(job_id)
        (gateway,) = running(service.process_id, "api")
        (valkey,) = [pid for pid, command in process_tree(service.process_id).items() if "valkey-server" in command]
        for pid in (gateway, valkey):
            os.kill(pid, signal.SIGKILL)

        def answers() -> bool | None:
            try:
                return True if service.client.get(f"/result/{job_id}").status_code == 200 else None
            except httpx.TransportError:
                return None

        until(answers, 30, service.output)
        assert service.finished(service.submit(TINY))["status"] == "completed"


def test_who_connects_while_the_gateway_is_away_waits_for_the_next(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        (gateway,) = gateways(service)
        service.client.close()  # and with it the connection that the gateway has
        os.kill(gateway, signal.SIGKILL)
        until(lambda: None if alive(gateway) else True, 10)
        assert httpx.get(f"http://127.0.0.1:{service.port}/health", trust_env=False, timeout=30).status_code == 200
        assert gateways(service) != [gateway]


def test_several_gateways_share_the_port_and_one_is_enough(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, GATEWAYS="2") as service:
        first, second = gateways(service)
        url = f"http://127.0.0.1:{service.port}"
        requests = {first: 0, second: 0}
        for each, other in ((first, second), (second, first)):
            os.kill(other, signal.SIGSTOP)  # what it doesn't take, the other does
            try:
                requests[each] = sum(httpx.get(f"{url}/health", trust_env=False).is_success for _ in range(5))
            finally:
                os.kill(other, signal.SIGCONT)
        assert requests == {first: 5, second: 5}
        os.kill(first, signal.SIGKILL)
        until(lambda: None if alive(first) else True, 10)
        assert all(httpx.get(f"{url}/health", trust_env=False).is_success for _ in range(20))
        service.wait_for_line("gateway-1| was killed by SIGKILL")


def gateways(service: Service) -> list[int]:
    return running(service.process_id, "api")


def test_it_stops_though_nobody_reads_what_it_says_any_more(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    settings = SCRIPTED | {"PORT": str(free_port()), "DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up"],
        cwd=tmp_path,
        env=environment(**settings),
        stdout=writer,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    os.close(writer)
    with os.fdopen(reader) as output:
        assert any("ready at" in line for line in output)
    tree = process_tree(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert [pid for pid in tree if alive(pid)] == []


def test_nothing_outlives_a_killed_up(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        tree = process_tree(service.process_id)
        service.stop(signal.SIGKILL)
        until(lambda: None if any(alive(pid) for pid in tree) else True, 30)


def test_away_from_redis_the_gateway_says_so(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED) as service:
        (pid,) = [pid for pid, command in process_tree(service.process_id).items() if "valkey-server" in command]
        os.kill(pid, signal.SIGSTOP)
        try:
            answer = service.client.post("/transcribe", files={"file": ("a.wav", TINY)})
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            ready = service.client.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (503, "store_unavailable")
            assert service.client.get("/health").status_code == 200
        finally:
            os.kill(pid, signal.SIGCONT)
        assert service.finished(service.submit(TINY))["status"] == "completed"


def test_a_redis_that_is_named_is_used_and_left_alone(tmp_path: Path, valkey_url: str) -> None:
    with Service(tmp_path, **SCRIPTED, REDIS_URL=valkey_url) as service:
        assert not [command for command in process_tree(service.process_id).values() if "valkey-server" in command]
        job_id = service.submit(TINY)
        assert service.finished(job_id)["status"] == "completed"
        service.client.delete(f"/job/{job_id}")


def test_a_taken_port_is_a_clear_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_up(tmp_path, PORT=str(port), DATA_DIR=str(tmp_path))
    assert ended.returncode != 0
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "PORT=" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_data_directory_serves_one_at_a_time(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED):
        ended = run_up(tmp_path, PORT="1", DATA_DIR=str(tmp_path))
    assert ended.returncode != 0
    assert "DATA_DIR" in ended.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "seventy"}, "PORT"),
        ({"DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
        ({"WORKER_CONCURRENCY": "0"}, "WORKER_CONCURRENCY"),
        ({"COMPUTE_TYPE": "int3"}, "COMPUTE_TYPE"),
        ({"METRICS_PORT": "1", "METRICS_HOST": "192.0.2.1"}, "METRICS_PORT"),
        ({"MODEL_SIZE": "no-such-model", "HF_HUB_OFFLINE": "1"}, "MODEL_SIZE"),
    ],
)
def test_a_wrong_setting_is_a_clear_message(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    ended = run_up(tmp_path, **({"PORT": str(free_port()), "DATA_DIR": str(tmp_path)} | settings))
    assert ended.returncode != 0
    assert said in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_full_disk_refuses_uploads_before_it_is_full(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, MIN_FREE_DISK_MB=str(10**9)) as service:
        answer = service.client.post("/transcribe", files={"file": ("a.wav", TINY)})
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
        assert service.media_files() == []


def test_orphaned_uploads_are_removed_by_the_clean_up(tmp_path: Path) -> None:
    with Service(tmp_path, **SCRIPTED, CLEAN_UP_SECONDS="1", ORPHAN_SECONDS="60") as service:
        old, young = "a" * 32, "b" * 32
        for name in (old, f"{old}.part", young, f"{young}.part"):
            path = tmp_path / "media" / name
            path.write_bytes(b"x")
            if name.startswith(old):
                os.utime(path, (0, 0))
        until(lambda: True if service.media_files() == [young, f"{young}.part"] else None, 20, service.output)
