"""Options that several commands share: a dataclass whose fields are options of each command that takes one.

@dataclass(frozen=True)
class Connection:
    server: Annotated[str, typer.Option("--server")] = DEFAULT_SERVER

@unfolded
def status(job_id: str, *, connection: Connection) -> None: ...
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, TypeAlias, cast, get_type_hints

import typer

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]
"""The option of every command that prints a result."""


def unfolded(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameters that are dataclasses are replaced by the fields of these, as options."""
    signature = inspect.signature(command)
    folded = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - whatever the command line holds
        for name, kind in folded.items():
            given[name] = cast("Callable[..., object]", kind)(
                **{field.name: given.pop(field.name) for field in fields(kind)}
            )
        command(**given)

    own = [parameter for name, parameter in signature.parameters.items() if name not in folded]
    shared = [_option(kind, field) for kind in folded.values() for field in fields(kind)]
    vars(run)["__signature__"] = signature.replace(parameters=[*own, *shared])  # which `inspect` reads
    return run


def _option(kind: Any, field: Field[Any]) -> inspect.Parameter:  # noqa: ANN401 - a class, which has no better type here
    default = field.default if field.default_factory is MISSING else field.default_factory()
    default = inspect.Parameter.empty if default is MISSING else default
    annotation = get_type_hints(kind, include_extras=True)[field.name]
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
