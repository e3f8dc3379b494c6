"""How many connections may come in."""

import resource

from common.connection_limits import SPARE_FILES, ConnectionLimits, allow_open_files


def test_a_limit_in_all() -> None:
    limits = ConnectionLimits(total=2)
    assert [limits.admit(address) for address in ("a", "a", "b")] == ["", "", "connections"]
    limits.leave("a")
    assert limits.admit("b") == ""
    assert len(limits) == 2


def test_a_limit_per_address() -> None:
    limits = ConnectionLimits(total=10, per_address=2)
    assert [limits.admit(address) for address in ("a", "a", "a", "b")] == ["", "", "address", ""]
    limits.leave("a")
    assert limits.admit("a") == ""


def test_nothing_is_kept_of_those_who_left() -> None:
    limits = ConnectionLimits(total=10, per_address=1)
    for number in range(100):
        limits.admit(str(number))
        limits.leave(str(number))
        limits.admit("refused")
    assert list(limits._by_address) == ["refused"]


def test_open_files_are_allowed_as_far_as_the_system_goes() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SPARE_FILES + 10, before[1]))
        assert allow_open_files(100) == 100
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == SPARE_FILES + 100
        assert allow_open_files(before[1] + 1) == before[1] - SPARE_FILES
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
