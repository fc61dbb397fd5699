"""The numbers that workers scale by on Kubernetes are found in what a real gateway answers."""

import re

from prometheus_client.parser import text_string_to_metric_families

from tests.harness.cluster import eventually
from tests.harness.service import Service
from tests.kubernetes.manifests import built
from tests.media import silence_wav

TRIGGERS = {
    each["name"]: each["metadata"]["valueLocation"]
    for each in built("overlays/standard").one("ScaledObject", "worker")["spec"]["triggers"]
}


def located(location: str, metrics: str) -> float:
    """Return the sample that a `valueLocation` means, found as KEDA finds it: by name and every label it gives."""
    name, _, labels = location.partition("{")
    wanted = dict(re.findall(r'(\w+)="([^"]*)"', labels))
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    found = [sample.value for sample in samples if sample.name == name and wanted.items() <= sample.labels.items()]
    assert found, location
    return found[0]


def seen(service: Service) -> dict[str, float]:
    metrics = service.client.get("/metrics").text
    return {name: located(location, metrics) for name, location in TRIGGERS.items()}


def test_audio_that_waits_and_jobs_that_run_are_told(scripted_service: Service) -> None:
    def tells(waiting: float, running: float) -> bool:
        told = {"waiting": waiting, "running": running}
        return seen(scripted_service) == {name: told[name] for name in TRIGGERS}

    jobs = [scripted_service.submit(silence_wav(60, rate=8000)) for _ in range(3)]
    # One runs, for six seconds; two wait.
    assert eventually(lambda: tells(120, 1), 30), seen(scripted_service)
    for job_id in jobs:
        scripted_service.client.delete(f"/job/{job_id}")
    assert eventually(lambda: tells(0, 0), 30), seen(scripted_service)
