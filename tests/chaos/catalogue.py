"""The tests of reliability.md by their number there."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.chaos.ledger import Ledger
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.chaos.scenarios import cancellation, engine, gateway, state_model, store, tenants, turns, workers

SCENARIOS: Mapping[str, Callable[[Run], Outcome]] = {
    "1": workers.kills_under_load,
    "1-real": engine.real_model,
    "2": workers.many_kills,
    "3": store.kills,
    "4": store.unreachable,
    "5": workers.paused_worker,
    "6": gateway.deaths,
    "7": turns.half_are_dropped,
    "8": engine.decoder,
    "9": engine.hung_inference,
    "10": cancellation.cancel,
    "11": gateway.one_key,
    "12": workers.rolling_stop,
    "13": state_model.model,
    "15": tenants.flood,
}


def run_one(number: str, *, quick: bool, folder: Path, ledger: Ledger) -> Outcome:
    """Run one scenario; an error of its own is a failure like any other."""
    run = Run(number, quick=quick, folder=folder / number, ledger=ledger)
    try:
        return SCENARIOS[number](run)
    except Exception as error:  # noqa: BLE001 - the other tests go on
        outcome = Outcome(number, (SCENARIOS[number].__doc__ or "").strip(), seen=type(error).__name__)
        outcome.check("the test ran to its end", passed=False, evidence=traceback.format_exc())
        return outcome
