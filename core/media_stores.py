"""The stores of an installation: one for all audio, or some labels' apart, each a folder or a bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.media_files import MediaFiles
from core.media_store import MediaStore
from core.s3_location import S3Location
from core.scratch import Scratch
from core.sensitivity import Sensitivity
from core.settings import CommonSettings


@dataclass(frozen=True, slots=True)
class MediaStores:
    """Where the audio of every job is. What removes or looks for audio does so in all of them."""

    default: MediaStore
    apart: Mapping[str, MediaStore] = field(default_factory=dict)
    """By sensitivity label, those of jobs whose audio is not in the default one."""

    @classmethod
    def of_settings(
        cls, settings: CommonSettings, sensitivity: Sensitivity, *, scratch: Callable[[], Scratch] | None = None
    ) -> "MediaStores":
        """Return the stores that the settings name.

        `scratch` is for a process that works on audio: it makes the place where what lies in a bucket is meanwhile.

        Raises:
            ConfigurationError: what they say of S3 can't be used.
        """
        default = S3Location.parse(settings.media_url) if settings.media_url else settings.data_dir
        places = {default, *sensitivity.places.values()}
        stores: dict[Path | S3Location, MediaStore] = {
            place: MediaFiles.under(place) for place in places if isinstance(place, Path)
        }
        if locations := [place for place in places if isinstance(place, S3Location)]:
            # Its library takes a fifth of a second and 20 MiB, which a folder doesn't need.
            from core.s3_media import S3Media, s3_client

            client, space = s3_client(settings), scratch and scratch()
            stores |= {location: S3Media(client, location, space) for location in locations}
        return cls(stores[default], {label: stores[place] for label, place in sensitivity.places.items()})

    @property
    def every(self) -> list[MediaStore]:
        """Each store once, the default one first."""
        return list(dict.fromkeys((self.default, *self.apart.values())))

    @property
    def are_local(self) -> bool:
        """Whether all of them are folders."""
        return all(isinstance(each, MediaFiles) for each in self.every)

    def of(self, sensitivity: str | None) -> MediaStore:
        """Return the one store for the audio of jobs with a label."""
        return self.apart.get(sensitivity or "", self.default)

    def remove(self, job_id: str) -> list[int]:
        """Remove whatever is stored of a job's audio, wherever it is; return the sizes of the files in bytes.

        Raises:
            StoreUnavailable: a store doesn't answer.
        """
        return [size_bytes for store in self.every for size_bytes in store.remove(job_id)]

    def least_free_bytes(self) -> float:
        """Return the bytes left on the fullest of the folders' disks; infinite where all audio is in buckets."""
        return min(each.free_bytes() for each in self.every)
