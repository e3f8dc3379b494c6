"""The rate of an account on a real Redis: it holds for all workers together, and costs an ordinary player nothing."""

import secrets
import time
from collections.abc import Iterator

import pytest

from apps.local.backends import Valkey
from apps.worker.account_rates import AccountRates, key
from apps.worker.identities import Identity
from apps.worker.look_up import LookUp
from common import keys
from common.redis_client import PipelinedRedis
from tests.support.waiting import wait_for

RATE, BURST = 20, 64
FOR_WORKERS = 32


class Clock:
    """Time of the workers; Redis has its own."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


class CountingRedis(PipelinedRedis):
    """Counts round trips."""

    trips = 0

    def execute_command(self, *args: object, **options: object) -> object:
        self.trips += 1
        return super().execute_command(*args, **options)

    def execute_many(self, *args: object, **options: object) -> list[object]:
        self.trips += 1
        return super().execute_many(*args, **options)  # type: ignore[arg-type]


class Workers:
    """Several workers, among which requests go round."""

    def __init__(self, redis: CountingRedis, number: int) -> None:
        self.redis = redis
        self.clock = Clock()
        self.rates = [AccountRates(RATE, BURST, workers=FOR_WORKERS, size=100, clock=self.clock)
                      for _ in range(number)]
        self._look_ups = [LookUp(redis, rates) for rates in self.rates]
        self._turn = 0

    def player(self) -> Identity:
        """Return somebody with a live token."""
        account, token_id = f"u{secrets.token_hex(8)}", secrets.token_hex(8)
        self.redis.set(keys.live_token("account", account), token_id, ex=60)
        return Identity("account", account, account, "", token_id, 1e12)

    def ask(self, who: Identity, number: int) -> int:
        """Let requests go round; return how many were within the rate."""
        within = 0
        for _ in range(number):
            self._turn += 1
            within += self._look_ups[self._turn % len(self._look_ups)].of(secrets.token_hex(16), who).within_rate
        return within


@pytest.fixture
def redis(redis_server: Valkey) -> Iterator[CountingRedis]:
    client = CountingRedis(redis_server.url)
    client.start()
    yield client
    client.stop()


@pytest.mark.parametrize("number", [1, 2, 8, FOR_WORKERS])
def test_the_rate_holds_over_workers_and_others_have_their_own(redis: CountingRedis, number: int) -> None:
    workers = Workers(redis, number)
    often, other = workers.player(), workers.player()
    passed_quietly = number * BURST // FOR_WORKERS  # the burst may be so much larger, once
    assert BURST <= ask_for(workers, often, 0.1) <= BURST + passed_quietly + RATE
    begun = time.monotonic()
    within = ask_for(workers, often, 0.5)
    assert within <= RATE * (time.monotonic() - begun) + 1
    assert workers.ask(other, BURST // 2) == BURST // 2


def ask_for(workers: Workers, who: Identity, seconds: float) -> int:
    """Ask for so long, and a burst at least; return how many requests were within the rate."""
    end, within = time.monotonic() + seconds, workers.ask(who, 3 * BURST)
    while time.monotonic() < end:
        within += workers.ask(who, 1)
        workers.clock.now = time.monotonic()
    return within


def test_the_rate_comes_back(redis: CountingRedis) -> None:
    workers = Workers(redis, 4)
    often = workers.player()
    workers.ask(often, 2 * BURST)
    wait_for(lambda: workers.ask(often, 1) == 1)
    wait_for(lambda: not redis.exists(key(often.account)))
    assert workers.ask(often, BURST) == BURST


def test_an_ordinary_pace_is_not_counted_in_redis(redis: CountingRedis) -> None:
    workers = Workers(redis, 2)
    player = workers.player()
    for _ in range(100):
        assert workers.ask(player, 2) == 2
        workers.clock.now += FOR_WORKERS / RATE
    assert not redis.exists(key(player.account))


@pytest.mark.parametrize("number", [1, BURST, 3 * BURST])
def test_a_request_costs_one_round_trip_however_many_there_are(redis: CountingRedis, number: int) -> None:
    workers = Workers(redis, 2)
    player = workers.player()
    before = redis.trips
    workers.ask(player, number)
    assert redis.trips - before == number


def test_an_old_token_uses_up_nobodys_rate(redis: CountingRedis) -> None:
    workers = Workers(redis, 2)
    player = workers.player()
    redis.set(keys.live_token("account", player.uid), "a newer one", ex=60)
    workers.ask(player, 3 * BURST)
    assert not redis.exists(key(player.account))


def test_without_a_rate_nothing_is_counted(redis: CountingRedis) -> None:
    workers = Workers(redis, 1)
    rates = AccountRates(0, 1, workers=1, size=10, clock=workers.clock)
    player = workers.player()
    assert [rates.question(player) for _ in range(100)] == [None] * 100
    assert all(rates.take(player.account) for _ in range(100))
    assert not rates._passed


def test_a_worker_remembers_so_many_accounts(redis: CountingRedis) -> None:
    workers = Workers(redis, 1)
    for _ in range(150):
        workers.ask(workers.player(), 1)
    assert len(workers.rates[0]._passed) == 100
