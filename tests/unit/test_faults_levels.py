"""What the fault tests take for a leak of greenlets or subscriptions."""

from collections import Counter

import pytest

from tests.faults import nats_view
from tests.faults.levels import KEPT, MOST_MORE, growth, levels
from tests.faults.nats_view import Kind, by_kind

GREENLETS, SUBSCRIPTIONS = "process_greenlets", "nats_subscriptions"


def test_gauges_are_read_and_those_with_labels_summed_up() -> None:
    text = ("# TYPE process_greenlets gauge\nprocess_greenlets 7.0\nnats_subscriptions{client=\"edge\"} 2.0\n"
            "nats_subscriptions{client=\"other one\"} 1.0\nnats_connected{client=\"edge\"} 1.0\n")
    assert levels(text) == {GREENLETS: 7.0, SUBSCRIPTIONS: 3.0}


@pytest.mark.parametrize("gauge", MOST_MORE)
def test_growth_names_process_and_gauge(gauge: str) -> None:
    first = {GREENLETS: 8.0, SUBSCRIPTIONS: 2.0}
    most = first[gauge] + MOST_MORE[gauge]
    assert not growth("edge-0", first, {**first, gauge: most})
    assert growth("edge-0", first, {**first, gauge: most + 1}) == [
        f"edge-0: {gauge} is {most + 1:g}, {first[gauge]:g} at first"]


def test_http_services_may_keep_connections() -> None:
    first, now = {GREENLETS: 5.0}, {GREENLETS: 5.0 + KEPT}
    assert growth("edge-0", first, now)
    assert not growth("auth-1", first, now)


def test_connections_are_summed_up_by_name_without_ones_own() -> None:
    found = by_kind([{"name": "edge", "subscriptions_list": ["a", "b"]}, {"name": "edge", "subscriptions_list": ["a"]},
                     {"name": "gate"}, {"name": nats_view.NAME, "subscriptions_list": ["_INBOX"]}])
    assert found == {"edge": Kind(2, Counter({"a": 2, "b": 1})), "gate": Kind(1, Counter())}


def test_a_connection_too_many_and_subscriptions_too_many_are_told() -> None:
    first, more = Kind(2, Counter({"a": 2})), nats_view.MOST_MORE + 1
    assert not nats_view.growth("edge", first, first)
    assert nats_view.growth("edge", first, Kind(3, Counter({"a": 3}))) == [
        "NATS has 3 connections of edge, 2 at first"]
    assert nats_view.growth("edge", first, Kind(2, Counter({"a": 2, "left.over": more}))) == [
        f"NATS has {2 + more} subscriptions of edge, 2 at first; new: left.over"]
