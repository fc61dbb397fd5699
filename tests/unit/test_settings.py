"""Settings come from the environment and `.env`, say what is wrong with them, and keep their secrets."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import quote, urlsplit

import pytest
import redis
from dotenv import dotenv_values
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from api.settings import GatewaySettings
from cli.settings import UpSettings
from core.errors import ConfigurationError
from core.settings import CommonSettings
from worker.settings import WorkerSettings

PROCESSES: tuple[type[CommonSettings], ...] = (GatewaySettings, WorkerSettings, UpSettings)
ENV_EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET = "correct horse: battery/staple@%"  # noqa: S105 - a password of nobody
ENCODED = quote(SECRET, safe="")


def every_setting() -> Iterator[tuple[type[CommonSettings], str, FieldInfo]]:
    for process in PROCESSES:
        for name, field in process.model_fields.items():
            yield process, name, field


EVERY_SETTING = list(every_setting())
VARIABLES = {name.upper() for _, name, _ in EVERY_SETTING}
FLOATS = {name.upper(): process for process, name, field in EVERY_SETTING if field.annotation is float}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test an environment without settings and a working directory without `.env`."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.chdir(tmp_path)


def read(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings] = GatewaySettings, **variables: str
) -> CommonSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return process.read()


def problem(monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings] = GatewaySettings, **variables: str) -> str:
    """Return what the person who set these variables is told."""
    with pytest.raises(ConfigurationError) as refused:
        read(monkeypatch, process, **variables)
    return refused.value.detail


def derived(settings: CommonSettings) -> dict[str, object]:
    """Return every value that a settings class computes from its fields."""
    classes = [class_ for class_ in type(settings).__mro__ if issubclass(class_, CommonSettings)]
    return {
        name: getattr(settings, name)
        for class_ in classes
        for name, member in vars(class_).items()
        if isinstance(member, property)
    }


def parsed(field: FieldInfo, value: str) -> object:
    adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", field.annotation))
    return adapter.validate_python(value)


def documented() -> dict[str, str]:
    """Return name and value of every setting of our processes in `.env.example`, commented out or not."""
    lines = ENV_EXAMPLE.read_text(encoding="utf-8").splitlines()
    setting = r"(?:# )?(?!NGINX_)([A-Z][A-Z0-9_]*)=(\S*)"  # nginx' have a test of their own
    found = [(match[1], match[2]) for line in lines if (match := re.fullmatch(setting, line))]
    assert len(found) == len(dict(found)), "a setting is documented twice"
    return dict(found)


@pytest.mark.parametrize("process", PROCESSES)
def test_nothing_needs_to_be_set(process: type[CommonSettings]) -> None:
    settings = process.read()
    assert settings.model_fields_set == set()
    assert settings.redis == settings.broker == "redis://127.0.0.1:6379/0"
    assert derived(settings).keys() >= {"redis", "broker", "result_ttl_ms", "record_ttl_ms"}


@pytest.mark.parametrize(("process", "name", "field"), EVERY_SETTING, ids=lambda value: getattr(value, "__name__", ""))
def test_every_setting_is_read_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings], name: str, field: FieldInfo
) -> None:
    words = [word for word in [*(field.examples or ()), *get_args(field.annotation)] if isinstance(word, str)]
    other = "false" if field.default is True else next((word for word in words if word != field.default), "7")
    settings = read(monkeypatch, process, **{name.upper(): other})
    assert settings.model_fields_set == {name}
    assert getattr(settings, name) == parsed(field, other)
    assert getattr(settings, name) != field.default


@pytest.mark.parametrize(("process", "name", "field"), EVERY_SETTING, ids=lambda value: getattr(value, "__name__", ""))
def test_every_setting_is_described_in_a_sentence(process: type[CommonSettings], name: str, field: FieldInfo) -> None:
    assert re.fullmatch(r"[A-Z`].*\.", field.description or ""), (process, name)


def test_a_setting_of_two_processes_means_the_same_in_both() -> None:
    defaults: dict[str, set[tuple[object, str | None]]] = {}
    for _, name, field in EVERY_SETTING:
        defaults.setdefault(name, set()).add((field.default, field.description))
    assert [name for name, meanings in defaults.items() if len(meanings) > 1] == []


@pytest.mark.parametrize("process", PROCESSES)
def test_settings_never_change(process: type[CommonSettings]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        process.read().redis_port = 1  # type: ignore[misc]


def test_redis_is_addressed_by_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, REDIS_HOST="redis.internal", REDIS_PORT="6380", REDIS_DB="3")
    assert settings.redis == settings.broker == "redis://redis.internal:6380/3"


def test_a_password_of_any_characters_reaches_redis_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, REDIS_HOST="redis.internal", REDIS_PASSWORD=SECRET)
    with redis.Redis.from_url(settings.redis) as client:  # connects to nothing by itself
        connection = client.connection_pool.connection_kwargs
    assert (connection["host"], connection["password"], connection["db"]) == ("redis.internal", SECRET, 0)
    assert SECRET not in settings.redis


@pytest.mark.parametrize("host", ["::1", "fd00::17"])
def test_redis_may_have_an_ipv6_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    address = urlsplit(read(monkeypatch, REDIS_HOST=host).redis)
    assert (address.hostname, address.port) == (host, 6379)


def test_a_redis_url_wins_over_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, REDIS_URL="rediss://r:1/2", REDIS_HOST="other", REDIS_PASSWORD=SECRET)
    assert settings.redis == settings.broker == "rediss://r:1/2"


def test_a_broker_of_its_own_leaves_redis_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, BROKER_URL="amqp://rabbit//", REDIS_HOST="r")
    assert (settings.broker, settings.redis) == ("amqp://rabbit//", "redis://r:6379/0")


def test_hours_megabytes_and_seconds_become_milliseconds_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, RESULT_TTL_HOURS="0.5", RECORD_TTL_HOURS="2", MAX_FILE_SIZE_MB="1.5", MIN_FREE_DISK_MB="0")
    gateway = GatewaySettings.read()
    assert (gateway.result_ttl_ms, gateway.record_ttl_ms) == (1_800_000, 7_200_000)
    assert (gateway.max_file_bytes, gateway.min_free_disk_bytes) == (1_572_864, 0)
    monkeypatch.setenv("LEASE_SECONDS", "0.25")
    assert WorkerSettings.read().lease_ms == 250


def test_models_are_kept_with_the_data_unless_they_have_a_place_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", "here")
    assert WorkerSettings.read().models_folder == tmp_path / "here" / "models"
    monkeypatch.setenv("MODEL_CACHE_DIR", "/srv/models")
    assert WorkerSettings.read().models_folder == Path("/srv/models")


@pytest.mark.parametrize("variable", ["REDIS_URL", "REDIS_HOST", "REDIS_PORT"])
def test_up_embeds_a_valkey_unless_a_redis_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "")
    assert UpSettings.read().embeds_valkey
    monkeypatch.setenv(variable, "6379")
    assert not UpSettings.read().embeds_valkey


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\nSOMEBODY_ELSES=1\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "9001")
    gateway = GatewaySettings.read()
    assert (gateway.port, gateway.host, gateway.max_file_size_mb) == (9001, "0.0.0.0", 100)  # noqa: S104 - not listened on


def test_an_empty_variable_means_that_it_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, PORT="", MODEL_SIZE="").model_fields_set == set()


@pytest.mark.parametrize(
    ("process", "variable", "value"),
    [
        (GatewaySettings, "PORT", "0"),
        (GatewaySettings, "PORT", "65536"),
        (GatewaySettings, "PORT", "http"),
        (GatewaySettings, "REDIS_PORT", "tcp://10.0.0.1:6379"),
        (GatewaySettings, "REDIS_DB", "-1"),
        (GatewaySettings, "AUTH_MODE", "password"),
        (GatewaySettings, "MAX_FILE_SIZE_MB", "0"),
        (GatewaySettings, "MIN_FREE_DISK_MB", "-1"),
        (GatewaySettings, "RESULT_TTL_HOURS", "0"),
        (GatewaySettings, "RECORD_TTL_HOURS", "-1"),
        (GatewaySettings, "LOG_LEVEL", "LOUD"),
        (GatewaySettings, "LOG_FORMAT", "xml"),
        (WorkerSettings, "DEVICE", "tpu"),
        (WorkerSettings, "TRANSCRIBER", "human"),
        (WorkerSettings, "SCRIPTED_RTF", "-0.1"),
        (WorkerSettings, "MODEL_REPLICAS", "-1"),
        (WorkerSettings, "BATCH_SIZE", "-1"),
        (WorkerSettings, "COMPUTE_THREADS", "-1"),
        (WorkerSettings, "WORKER_CONCURRENCY", "0"),
        (WorkerSettings, "WORKER_CONCURRENCY", "257"),
        (WorkerSettings, "MAX_AUDIO_SECONDS", "0"),
        (WorkerSettings, "CLAMD_ADDRESS", "localhost:3310"),
        (WorkerSettings, "CLAMD_TIMEOUT_SECONDS", "0"),
        (WorkerSettings, "GOLDEN_SET_HOURS", "-1"),
        (WorkerSettings, "GOLDEN_SET_URL", "gateway:8000"),
        (GatewaySettings, "GOLDEN_SET_KEY", "short"),
        (WorkerSettings, "GOLDEN_SET_KEY", "with a space, though long enough to be a key"),
        (GatewaySettings, "AUDIT_DAYS", "-1"),
        (WorkerSettings, "MAX_ATTEMPTS", "0"),
        (WorkerSettings, "MAX_CRASHES", "0"),
        (WorkerSettings, "LEASE_SECONDS", "0"),
        (WorkerSettings, "HEARTBEAT_SECONDS", "0"),
        (WorkerSettings, "REAP_SECONDS", "0"),
        (WorkerSettings, "METRICS_PORT", "-1"),
        (WorkerSettings, "METRICS_PORT", "65536"),
        (WorkerSettings, "CLEAN_UP_SECONDS", "0"),
        (WorkerSettings, "ORPHAN_SECONDS", "0"),
        (UpSettings, "WORKERS", "0"),
        (UpSettings, "WORKERS", "65"),
    ],
)
def test_a_value_that_cant_be_used_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings], variable: str, value: str
) -> None:
    assert f"{variable}: " in problem(monkeypatch, process, **{variable: value})


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("variable", ["REDIS_URL", "BROKER_URL"])
@pytest.mark.parametrize("url", ["redis://:pass/word@r:6379/0", "amqp://u:pass[word@r//", "redis://r:6379x/"])
def test_an_address_whose_password_is_not_encoded_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings], variable: str, url: str
) -> None:
    told = problem(monkeypatch, process, **{variable: url})
    assert f"{variable}: " in told
    assert "percent-encoded" in told
    assert "pass" not in told.replace("password", "")


@pytest.mark.parametrize("process", PROCESSES)
def test_no_value_that_is_refused_is_shown(monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings]) -> None:
    # A line put in the wrong place may hold a secret.
    told = {}
    for name in process.model_fields:
        with monkeypatch.context() as alone, contextlib.suppress(pytest.fail.Exception):
            told[name] = problem(alone, process, **{name.upper(): SECRET})
    assert {"redis_port", "log_level"} <= told.keys()
    assert ("trusted_proxies" in told) == (process is GatewaySettings)
    assert [name for name, said in told.items() if f"{name.upper()}: " not in said or SECRET in said] == []


@pytest.mark.parametrize("variable", FLOATS)
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_what_is_no_finite_number_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert f"{variable}: " in problem(monkeypatch, FLOATS[variable], **{variable: value})


def test_every_bad_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = problem(monkeypatch, PORT="http", LOG_LEVEL="LOUD", REDIS_DB="x")
    assert [name for name in ("PORT", "LOG_LEVEL", "REDIS_DB") if f"{name}: " not in told] == []


@pytest.mark.parametrize("process", PROCESSES)
def test_a_complaint_about_another_setting_keeps_the_secrets(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings]
) -> None:
    told = problem(
        monkeypatch,
        process,
        REDIS_PORT="x",
        REDIS_PASSWORD=SECRET,
        REDIS_URL=f"redis://:{ENCODED}@r/0",
        BROKER_URL=f"amqp://u:{ENCODED}@b//",
        ADMIN_KEY=SECRET,
    )
    assert "REDIS_PORT: " in told
    assert SECRET not in told
    assert ENCODED not in told


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("variable", ["REDIS_PASSWORD", "REDIS_URL", "BROKER_URL"])
def test_settings_shown_in_a_traceback_keep_the_secrets(
    monkeypatch: pytest.MonkeyPatch, process: type[CommonSettings], variable: str
) -> None:
    settings = read(monkeypatch, process, **{variable: f"redis://:{ENCODED}@r:6379/0"})
    assert ENCODED in str(settings.model_dump().values())
    assert ENCODED not in repr(settings)
    assert ENCODED not in str(settings)


def test_the_operators_key_is_kept_out_of_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, ADMIN_KEY=SECRET)
    assert settings.model_dump()["admin_key"] == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("process", [GatewaySettings, UpSettings])
@pytest.mark.parametrize(
    ("host", "auth_mode", "is_open"),
    [
        ("127.0.0.1", "none", False),
        ("127.8.7.6", "none", False),
        ("::1", "none", False),
        ("localhost", "none", False),
        ("0.0.0.0", "none", True),  # noqa: S104 - not listened on
        ("::", "none", True),
        ("192.168.0.7", "none", True),
        ("gateway.internal", "none", True),
        ("localhost.example", "none", True),
        ("0.0.0.0", "api_key", False),  # noqa: S104 - the same
        ("0.0.0.0", "jwt", False),  # noqa: S104 - the same
    ],
)
def test_a_gateway_that_others_reach_and_that_asks_nobody_is_open(
    monkeypatch: pytest.MonkeyPatch,
    process: type[GatewaySettings | UpSettings],
    host: str,
    auth_mode: str,
    is_open: bool,
) -> None:
    settings = read(monkeypatch, process, HOST=host, AUTH_MODE=auth_mode)
    assert isinstance(settings, GatewaySettings | UpSettings)
    assert settings.is_open_to_others is is_open


def test_a_file_that_is_no_text_is_told_of_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"REDIS_PASSWORD=top-secret-\xff\n")
    with pytest.raises(ConfigurationError, match=r"\.env") as refused:
        GatewaySettings.read()
    assert "top-secret" not in refused.value.detail


def test_the_example_documents_every_setting_and_no_other() -> None:
    assert set(documented()) == VARIABLES


@pytest.mark.parametrize(("process", "name", "field"), EVERY_SETTING, ids=lambda value: getattr(value, "__name__", ""))
def test_the_example_shows_a_settings_default(process: type[CommonSettings], name: str, field: FieldInfo) -> None:
    shown = documented()[name.upper()]
    if shown == "":
        assert field.default in {"", None}
    else:
        assert shown == (str(field.default).lower() if isinstance(field.default, bool) else str(field.default))
        assert parsed(field, shown) == field.default
    assert issubclass(process, CommonSettings)


def test_the_example_explains_each_setting_in_the_words_of_its_description() -> None:
    lines = ENV_EXAMPLE.read_text(encoding="utf-8").splitlines()
    explained = {
        line.removeprefix("# ").partition("=")[0]: above.removeprefix("# ")
        for above, line in pairwise(lines)
        if re.match(r"(# )?[A-Z][A-Z0-9_]*=", line)
    }
    unexplained = [
        name
        for _, name, field in EVERY_SETTING
        if not explained[name.upper()].startswith((field.description or "?").rstrip("."))
    ]
    assert unexplained == []


def test_the_example_used_as_it_is_changes_nothing(tmp_path: Path) -> None:
    untouched = {process: process.read() for process in PROCESSES}
    (tmp_path / ".env").write_bytes(ENV_EXAMPLE.read_bytes())
    for process, settings in untouched.items():
        assert values(process.read()) == values(settings)
    assert UpSettings.read().embeds_valkey


def test_the_example_is_a_file_that_dotenv_reads_and_holds_no_secret() -> None:
    active: Mapping[str, str | None] = dotenv_values(ENV_EXAMPLE)
    assert {name for name in active if not name.startswith("NGINX_")} <= VARIABLES
    assert all(active.values()), "what has no default is commented out"
    assert {"REDIS_PASSWORD", "REDIS_URL", "BROKER_URL", "ADMIN_KEY", "MODEL_CACHE_DIR", "COMPUTE_TYPE"}.isdisjoint(
        active
    )


def values(settings: CommonSettings) -> dict[str, Any]:
    return settings.model_dump() | derived(settings)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("RATE_LIMIT_SUBMIT", "ten a minute", "no limit; write 10/minute"),
        ("RATE_LIMIT_READ", "600", "no limit; write"),
        ("RATE_LIMIT_READ", "600/fortnight", "no limit; write"),
        ("TRUSTED_PROXIES", "nginx", "number 1 is neither an address nor a network"),
        ("TRUSTED_PROXIES", "10.0.0.1,0.0.0.0/0", "number 2 trusts everybody"),
        ("CORS_ORIGINS", "https://app.example.com/", "number 1 is no origin"),
        ("CORS_ORIGINS", "app.example.com", "number 1 is no origin"),
    ],
)
def test_a_door_that_cannot_be_meant_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    said = problem(monkeypatch, GatewaySettings, **{variable: value})
    assert said.startswith(f"Settings can't be used. {variable}: ")
    assert told in said
