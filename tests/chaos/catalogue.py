"""The tests of reliability.md by their number there."""

from tests.chaos.runner import Scenarios
from tests.chaos.scenarios import cancellation, engine, gateway, state_model, store, tenants, turns, workers

SCENARIOS: Scenarios = {
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
