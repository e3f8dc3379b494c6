import gc

from common import garbage


def test_what_exists_is_taken_out_of_later_collections() -> None:
    try:
        garbage.freeze()
        assert gc.get_freeze_count() > 1000
        assert len(gc.get_objects()) < gc.get_freeze_count()
    finally:
        gc.unfreeze()
