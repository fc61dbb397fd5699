"""Sensitivity labels: what the settings may say of them, and where files of each lie."""

import re
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from core.s3_location import S3Location
from core.sensitivity import Sensitivity
from core.settings import CommonSettings


def read(**fields: Any) -> Sensitivity:  # noqa: ANN401 - as the settings take them
    return Sensitivity.of(CommonSettings(_env_file=None, **fields))


def test_without_labels_there_is_none() -> None:
    assert read() == Sensitivity()


def test_labels_come_in_their_order_and_the_first_is_the_default() -> None:
    assert read(sensitivity_labels="public, internal,confidential,public") == Sensitivity(
        ("public", "internal", "confidential"), "public"
    )
    assert read(sensitivity_labels="public,internal", sensitivity_default="internal").default == "internal"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"sensitivity_labels": "Public"}, "SENSITIVITY_LABELS: 'Public'"),
        ({"sensitivity_labels": "a b"}, "'a b'"),
        ({"sensitivity_labels": "x" * 33}, "SENSITIVITY_LABELS"),
        ({"sensitivity_default": "public"}, "SENSITIVITY_DEFAULT: 'public'"),
        ({"sensitivity_labels": "a", "sensitivity_default": "b"}, "SENSITIVITY_DEFAULT: 'b'"),
        ({"sensitivity_labels": "a", "sensitive_upload_dirs": "b=/tmp"}, "SENSITIVE_UPLOAD_DIRS: 'b=/tmp'"),
        ({"sensitivity_labels": "a", "sensitive_upload_dirs": "a"}, "SENSITIVE_UPLOAD_DIRS: 'a'"),
        ({"sensitivity_labels": "a", "sensitive_upload_dirs": "a=/tmp,a=/"}, "SENSITIVE_UPLOAD_DIRS: 'a=/'"),
        ({"sensitivity_labels": "a", "sensitive_upload_dirs": "a=/no/such/disk"}, "no directory '/no/such/disk'"),
    ],
)
def test_what_can_not_be_meant_is_named(fields: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        read(**fields)


def test_a_label_that_is_none_any_more_is_counted_as_another() -> None:
    labels = read(sensitivity_labels="public,internal")
    assert [labels.counted(label) for label in ("internal", "secret", None)] == ["internal", "other", ""]


def test_files_of_a_label_lie_apart_and_are_found_and_removed_wherever_they_lie(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "somebody-elses").write_bytes(b"x")
    labels = read(sensitivity_labels="public,internal,secret", sensitive_upload_dirs=f"internal={vault},secret={vault}")
    media = MediaStores.of_settings(CommonSettings(_env_file=None, data_dir=tmp_path), labels)
    plain, apart = MediaFiles.under(tmp_path), MediaFiles.under(vault)
    assert media.of("public") is media.of(None) is media.default
    assert media.of("internal") is media.of("secret")
    assert media.every == [plain, apart]
    plain.path("1").write_bytes(b"a")
    apart.path("2").write_bytes(b"bcd")
    apart.part_path("2").write_bytes(b"bc")
    found = [(file.job_id, file.is_part) for store in media.every for file in store.scan()]
    assert sorted(found) == [("1", False), ("2", False), ("2", True)]
    assert sorted(media.remove("2")) == [2, 3]
    assert media.remove("2") == []
    assert [file.job_id for store in media.every for file in store.scan()] == ["1"]


def test_audio_of_a_label_may_lie_in_a_bucket_of_its_own() -> None:
    labels = read(sensitivity_labels="secret", sensitive_upload_dirs="secret=s3://vault/of-its-own/")
    assert labels.places == {"secret": S3Location("vault", "of-its-own/")}


@pytest.mark.parametrize(
    "url", ["", "s3://", "http://bucket/", "s3:bucket", "s3://UPPER", "s3://a", "s3://bucket/a//b", "s3://bucket/a b"]
)
def test_a_place_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"'{url}'")):
        S3Location.parse(url)
