"""What the fault tests say of growth, garbage and replacements when something is wrong."""

from tests.faults.garbage_ports import SPECIAL, missed
from tests.faults.growth import MOST_BYTES, SLACK, Growth
from tests.faults.replacement import Counts
from tests.faults.tally import Tally


def test_a_leak_of_ten_kilobytes_a_request_is_told() -> None:
    found = Growth("reads", 2000, {"gate": 2**20, "worker": 2000 * 10_240})
    assert found.problems == ["worker grew by 19.5 MiB in 2000 reads, 10240 bytes each"]
    assert found.note == "2000 reads: most growth 19.5 MiB (worker)"


def test_what_memory_does_by_itself_is_none() -> None:
    assert not Growth("reads", 100, {"gate": SLACK}).problems
    assert not Growth("reads", 10_000, {"gate": 10_000 * MOST_BYTES}).problems


def test_ports_that_got_no_garbage_are_told() -> None:
    counts = dict.fromkeys((*SPECIAL, "ops", "gate for clients"), 1)
    assert not missed(counts, 5)
    assert missed(counts | {"ops": 0}, 5) == ["garbage: nothing was sent to ops"]
    assert missed(counts, 0) == ["garbage: no forged answer has reached a gate"]


def test_each_failed_try_during_a_replacement_is_told() -> None:
    def tally(requests: int, tries: int, refused: int = 0, timed_out: int = 0) -> Tally:
        found = Tally(lambda: 0.0)
        found.requests, found.tries, found.refused, found.timed_out = requests, tries, refused, timed_out
        return found

    before = Counts.of(tally(10, 12, refused=1))
    assert not Counts.of(tally(30, 32, refused=1)).since(before)
    assert Counts.of(tally(30, 37, refused=3, timed_out=1)).since(before) == [
        "2 tries were refused", "1 tries were given up by the server", "2 tries were broken"]
