"""Test 13 is a pytest module of its own, a Hypothesis state machine; here it gets its row in the table."""

import os
import re
import subprocess
import sys

from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.service import REPOSITORY

_MODULE = REPOSITORY / "tests" / "chaos" / "test_model.py"
_STEPS = "CHAOS_MODEL_STEPS"
"""Environment variable: steps that the model takes in all."""
_SECONDS = 1800


def model(run: Run) -> Outcome:
    """Test 13: any sequence of transitions, two reapers among them, leaves a legal state on the real server."""
    steps = run.choose(full=10_000, quick=500)
    outcome = Outcome("13", f"Hypothesis model of the jobs on real Valkey, {steps} steps, two reapers")
    if not _MODULE.exists():
        outcome.seen = f"{_MODULE.name} is not there"
        outcome.check("the model is there", passed=False)
        return outcome
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(_MODULE)],
        cwd=REPOSITORY,
        env=os.environ | {_STEPS: str(steps), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    summary = re.search(r"\d+ (?:passed|failed|error).*", ended.stdout)
    outcome.seen = summary[0] if summary else f"exit status {ended.returncode}"
    outcome.check("no illegal transition", ended.returncode == 0, f"{ended.stdout[-4000:]}{ended.stderr[-2000:]}")
    return outcome
