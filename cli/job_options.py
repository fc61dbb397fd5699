"""What a job may ask for, as options of every command that makes jobs."""

import hashlib
import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.completion import complete_language, complete_model

if TYPE_CHECKING:
    from scriptorium.client import Options

_PANEL = "Options of the job"


class _WhisperTask(StrEnum):
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


class _Quality(StrEnum):
    FAST = "fast"
    BALANCED = "balanced"
    ACCURATE = "accurate"


class _Channels(StrEnum):
    MIX = "mix"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """By the names of `POST /transcribe`; what isn't given is the service's."""

    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            metavar="CODE",
            help="Spoken language; detected if not given.",
            autocompletion=complete_language,
            rich_help_panel=_PANEL,
        ),
    ] = None
    task: Annotated[_WhisperTask | None, typer.Option(help="translate writes English.", rich_help_panel=_PANEL)] = None
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="One that a worker serves.", autocompletion=complete_model, rich_help_panel=_PANEL
        ),
    ] = None
    quality: Annotated[
        _Quality | None, typer.Option(help="How much effort; balanced if not given.", rich_help_panel=_PANEL)
    ] = None
    word_timestamps: Annotated[
        bool, typer.Option("--word-timestamps", help="Give every word its times.", rich_help_panel=_PANEL)
    ] = False
    diarize: Annotated[bool, typer.Option("--diarize", help="Tell speakers apart.", rich_help_panel=_PANEL)] = False
    min_speakers: Annotated[
        int | None, typer.Option(min=1, max=20, help="At least so many, by voice.", rich_help_panel=_PANEL)
    ] = None
    max_speakers: Annotated[
        int | None, typer.Option(min=1, max=20, help="At most so many, by voice.", rich_help_panel=_PANEL)
    ] = None
    channels: Annotated[
        _Channels | None, typer.Option(help="split transcribes each channel apart.", rich_help_panel=_PANEL)
    ] = None
    initial_prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Sets spelling and style.", rich_help_panel=_PANEL)
    ] = None
    hotwords: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Words to expect, such as names.", rich_help_panel=_PANEL)
    ] = None
    multilingual: Annotated[
        bool,
        typer.Option("--multilingual", help="Detect the language of every stretch of speech.", rich_help_panel=_PANEL),
    ] = False
    vad_filter: Annotated[
        bool | None,
        typer.Option("--vad-filter/--no-vad-filter", help="Skip what is no speech.", rich_help_panel=_PANEL),
    ] = None
    beam_size: Annotated[
        int | None, typer.Option(min=1, max=20, help="Hypotheses; 1 is greedy.", rich_help_panel=_PANEL)
    ] = None
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Above 0, text is sampled.", rich_help_panel=_PANEL)
    ] = None
    clip_start_seconds: Annotated[
        float | None, typer.Option("--clip-start", metavar="SECONDS", help="From here on.", rich_help_panel=_PANEL)
    ] = None
    clip_end_seconds: Annotated[
        float | None, typer.Option("--clip-end", metavar="SECONDS", help="Up to here.", rich_help_panel=_PANEL)
    ] = None
    redact: Annotated[
        str | None,
        typer.Option(metavar="KINDS", help="Personal data to take out: email,phone,…", rich_help_panel=_PANEL),
    ] = None
    retention_hours: Annotated[
        float | None, typer.Option(metavar="HOURS", help="All of it goes then, after its end.", rich_help_panel=_PANEL)
    ] = None
    sensitivity: Annotated[
        str | None, typer.Option(metavar="LABEL", help="A label of the service's.", rich_help_panel=_PANEL)
    ] = None
    webhook_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Who is told of its end.", rich_help_panel=_PANEL)
    ] = None

    @property
    def given(self) -> "Options":
        """Return what was asked for, as the client takes it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        asked = {
            name: str(value) if isinstance(value, StrEnum) else value
            for name, value in values.items()
            if value is not None and value is not False
        }
        if self.vad_filter is False:
            asked["vad_filter"] = False
        if self.redact is not None:
            asked["redact"] = [kind.strip() for kind in self.redact.split(",")]
        return cast("Options", asked)

    @property
    def digest(self) -> str:
        """The same for the same options, and for no others."""
        return hashlib.sha256(json.dumps(self.given, sort_keys=True).encode()).hexdigest()
