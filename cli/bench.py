"""`scriptorium bench`: how much speech this machine transcribes, in which shape, and how many workers that makes."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from cli.capacity import Demand
from cli.measuring import MeasuringFailed, Meter
from cli.shapes import Wish, first_shapes, further_shapes
from cli.sizing_report import HEADERS, Report, best_of_each, described
from cli.terminal import Progress, print_error, print_note, print_table
from core.errors import ConfigurationError
from core.settings import CommonSettings
from core.sizing import Device, Machine, Measurement, Quality, Shape, Survey, Trial

_INTERRUPTED_STATUS = 130
"""As a shell has it for Ctrl-C: 128 and the signal's number."""
_BUSY = 0.5
"""Load average per core from which on others are noticed in the figures."""
_MOST = 1024

T = TypeVar("T")


def _listed(text: str | None, name: str) -> list[str]:
    """Return the items of a list such as `base,tiny`, each once."""
    if text is None:
        return []
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise typer.BadParameter(f"{text!r} has an empty item.", param_hint=name)
    return list(dict.fromkeys(items))


def _numbers(text: str | None, name: str) -> list[int]:
    numbers = []
    for item in _listed(text, name):
        if not item.isdecimal() or not 1 <= int(item) <= _MOST:
            raise typer.BadParameter(f"{item!r} is no whole number from 1 to {_MOST}.", param_hint=name)
        numbers.append(int(item))
    return list(dict.fromkeys(numbers))


def _words(text: str | None, name: str, known: Sequence[T]) -> list[T]:
    words = {str(word): word for word in known}
    for item in _listed(text, name):
        if item not in words:
            raise typer.BadParameter(f"{item!r} is none of {', '.join(words)}.", param_hint=name)
    return [words[item] for item in _listed(text, name)]


def bench(
    more_audio: Annotated[
        # So that `--audio *.mp3` means what it says: a shell makes several words of it.
        list[Path] | None,
        typer.Argument(metavar="FILE", help="As --audio.", exists=True, dir_okay=False, readable=True),
    ] = None,
    *,
    models: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Such as base,tiny; MODEL_SIZE if not given.")
    ] = None,
    quality: Annotated[str, typer.Option(metavar="NAMES", help="Of fast,balanced,accurate.")] = "balanced",
    replicas: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Batches computed at once (MODEL_REPLICAS), such as 1,2.")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Threads of each (COMPUTE_THREADS), such as 1,2.")
    ] = None,
    batch_sizes: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Most chunks in a batch (BATCH_SIZE), such as 1,4,8.")
    ] = None,
    device: Annotated[str | None, typer.Option(metavar="NAME", help="auto, cpu or cuda; DEVICE if not given.")] = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Recordings to measure with, of any format; of one longer than a minute, a minute from its middle.",
        ),
    ] = None,
    users: Annotated[int, typer.Option(min=1, help="Users to plan for.")] = 100,
    audio_minutes_per_user_hour: Annotated[
        float, typer.Option(min=0.0, metavar="MINUTES", help="Speech that each of them sends an hour.")
    ] = 6.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", dir_okay=False, help="Write the figures there as well.")
    ] = None,
) -> None:
    """Measure how fast this machine transcribes, and say how many workers so many users need.

    Without options, the model of the settings is tried in a few shapes; what is given as a list is tried in every
    combination. Each shape gets a process of its own, and a few seconds for it. Ctrl-C ends it with what there is.

    workers = ceil(users x minutes / 60 / (0.7 x audio hours per hour))
    """
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise typer.BadParameter(f"There is no folder {json_file.parent}.", param_hint="--json")
    wish = Wish(
        replicas=_numbers(replicas, "--replicas"),
        compute_threads=_numbers(threads, "--threads"),
        batch_sizes=_numbers(batch_sizes, "--batch-sizes"),
    )
    qualities = _words(quality, "--quality", get_args(Quality))
    (chosen_device,) = _words(device, "--device", get_args(Device)) or [None]
    recordings = [path.absolute() for path in (*(audio or ()), *(more_audio or ()))]
    try:
        survey = Survey(
            models=tuple(_listed(models, "--models") or [CommonSettings.read().model_size]),
            device=chosen_device,
            audio=tuple(recordings),
            folder=Path(),
        )
    except ConfigurationError as error:
        print_error(error.detail)
        raise typer.Exit(1) from None
    demand = Demand(users=users, audio_minutes_per_user_hour=audio_minutes_per_user_hour)
    raise typer.Exit(_run(survey, qualities, wish, demand, json_file))


def _run(survey: Survey, qualities: Sequence[Quality], wish: Wish, demand: Demand, json_file: Path | None) -> int:
    """Measure, and print what was measured, also if that is not all; return the exit status."""
    measured: list[Measurement] = []
    machine: Machine | None = None
    status = 0
    try:
        with Meter() as meter, Progress() as progress:
            progress.step("Looking at the machine, the models and the audio")
            load = os.getloadavg()[0]
            machine = meter.survey(survey.model_copy(update={"folder": meter.folder}))
            if load > _BUSY * machine.cores:
                progress.note(
                    f"Others are at work here (load average {load:.1f} on {machine.cores} cores). "
                    "Measure again when it is quiet: it will be faster."
                )
            for measurement in _measurements(meter, progress, machine, product(survey.models, qualities), wish):
                measured.append(measurement)  # noqa: PERF402 - one by one: they are kept when the next one fails
    except MeasuringFailed as failure:
        print_error(str(failure))
        status = 1
    except KeyboardInterrupt:
        print_note("Stopped." if not measured else "Stopped; this was measured by then.")
        status = _INTERRUPTED_STATUS
    if machine is not None and measured:
        report = Report(machine, _audio(machine, survey), demand, measured)
        _print(report)
        if json_file is not None:
            try:
                json_file.write_text(json.dumps(report.document(), indent=2) + "\n", encoding="utf-8")
            except OSError as error:
                print_error(f"{json_file} can't be written: {error.strerror}.")
                return 1
    return status


def _measurements(
    meter: Meter, progress: Progress, machine: Machine, what: Iterable[tuple[str, Quality]], wish: Wish
) -> Iterator[Measurement]:
    """Measure one shape after the other of every model and quality."""

    def measure(model: str, quality: Quality, shape: Shape) -> Measurement:
        trial = Trial(model=model, quality=quality, device=machine.device, shape=shape, speech=machine.speech)
        progress.step(f"Measuring {model}, {quality}, {described(shape, quality)}")
        return meter.measure(trial, lambda seconds: progress.detail(f"{seconds:.0f} s of speech done"))

    for model, quality in what:
        found = []
        for shape in first_shapes(wish, machine, quality):
            found.append(measure(model, quality, shape))
            yield found[-1]
        (best,) = best_of_each(found)
        for shape in further_shapes(wish, machine, quality, best.shape):
            yield measure(model, quality, shape)


def _audio(machine: Machine, survey: Survey) -> str:
    """Return in a sentence what was listened to."""
    shortest, longest = machine.speech[-1].seconds, machine.speech[0].seconds
    total = sum(each.seconds for each in machine.speech)
    what = "your recordings" if survey.audio else "pieces of the English sample that comes with Scriptorium"
    return (
        f"{len(machine.speech)} jobs of {shortest:.1f} to {longest:.1f} s ({total:.0f} s in all), {what}; language "
        "detected, decoding of the files included."
    )


def _print(report: Report) -> None:
    print_table(HEADERS, report.rows())
    print_note(f"On {report.machine.processor}, {report.machine.cores} cores. {report.audio}")
    print_note("Shape: replicas x threads of each. h/h: hours of speech done per hour, 1 / RTF. MiB: peak memory.")
    print_note("Each row is a worker of its own, with as many jobs at once as fill its batches.")
    for line in report.advice():
        print_note(line)
