"""So many uploads at once and no more, in all and of one client."""

from contextlib import ExitStack

import pytest

from api.upload_slots import UploadSlots
from core.errors import TooManyUploads, UploadsFull


def test_a_client_has_so_many_and_leaves_the_rest_to_others() -> None:
    slots = UploadSlots(total=5, per_client=2)
    with ExitStack() as held:
        for client in ("a", "a", "b", "b"):
            held.enter_context(slots.slot(client))
        for client in ("a", "b"):
            with pytest.raises(TooManyUploads, match="MAX_UPLOADS_PER_CLIENT") as refused, slots.slot(client):
                pass
            assert refused.value.retry_after_seconds
        with slots.slot("c"):
            assert slots.taken == 5
        assert slots.taken == 4
    assert slots.taken == 0


def test_all_together_have_so_many() -> None:
    slots = UploadSlots(total=2, per_client=2)
    with slots.slot("a"), slots.slot("b"):
        with pytest.raises(UploadsFull, match="MAX_UPLOADS") as refused, slots.slot("c"):
            pass
        assert refused.value.retry_after_seconds
    with slots.slot("c"):
        assert slots.taken == 1


def test_a_slot_is_free_again_however_its_upload_ends() -> None:
    slots = UploadSlots(total=1, per_client=1)
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), slots.slot("a"):
            raise error
    with slots.slot("a"):
        assert slots.taken == 1


def test_clients_that_are_gone_are_forgotten() -> None:
    slots = UploadSlots(total=1, per_client=1)
    for number in range(1000):
        with slots.slot(f"2001:db8::{number:x}"):
            pass
    with slots.slot("a"), pytest.raises(TooManyUploads), slots.slot("a"):
        pass
    assert not slots._by_client  # noqa: SLF001 - what a flood of addresses would fill
