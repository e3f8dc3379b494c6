"""From a client's line to the answer line: parse, token, function list, world, fields, run; errors become statuses."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import redis

from apps.worker import fields
from apps.worker.account_rates import AccountRates
from apps.worker.call import Call
from apps.worker.claims import NotAnsweredError
from apps.worker.fields import FieldError
from apps.worker.functions import Entry, Scope
from apps.worker.game_data import GameData, NoGameDataError
from apps.worker.identities import SESSION, Identities, Identity, TokenRefusedError
from apps.worker.look_up import Found
from apps.worker.players import NoPlayerError, Players
from apps.worker.request import MalformedRequestError, Request
from apps.worker.runner import Runner
from apps.worker.stored_answers import OwnerGoneError
from apps.worker.worlds import NO_WORLD, UnknownWorldError, World, Worlds
from common import answers
from common.answers import Status
from common.http_client import ServiceUnavailableError
from common.metrics import Counter
from common.mysql import DatabaseUnavailableError, OutcomeUnknownError

log = logging.getLogger(__name__)

RETRY_AFTER = 1.0
LIMITED = Counter("worker_rate_limited_total", "Requests beyond the rate of their account")


class Refusal(Exception):  # noqa: N818  # a status of the platform, not a failure
    """The platform refuses a request."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.answer = answers.platform(status, message)


class TooManyRequestsError(Exception):
    """One account sends more than its rate."""


class MessageHandler:
    """Answers requests. It never raises; what nobody expected is logged and becomes a status of the platform."""

    def __init__(self, *, functions: Mapping[str, Entry], identities: Identities, players: Players,
                 game_data: GameData, runner: Runner, rates: AccountRates) -> None:
        self._functions = functions
        self._identities = identities
        self._players = players
        self._game_data = game_data
        self._runner = runner
        self._rates = rates
        self._worlds = Worlds()

    def knows(self, function: str) -> bool:
        """Whether this is the name of a function, and so fit for a metric."""
        return function in self._functions

    def remembered(self, message: Request) -> Identity | None:
        """Return the identity behind a request if its token was seen before; its live token is then to be looked up."""
        return self._identities.remembered(message.token)

    def handle(self, message_id: str, message: Request, identity: Identity | None, found: Found) -> bytes:
        """Return the answer line of a request."""
        return guarded(lambda: self._runner.run(self.resolve(message_id, message, identity, found)))

    def resolve(self, message_id: str, message: Request, identity: Identity | None, found: Found) -> Call:
        """Find out everything about a request that its function needs. Raises Refusal and its like."""
        entry = self._functions.get(message.function)
        if entry is None:
            raise Refusal(Status.UNKNOWN_FUNCTION, "unknown function")
        known = None if entry.scope is Scope.NOBODY else self._authenticate(message, identity, found.live_token_id)
        if known is not None and not (found.within_rate and self._rates.take(known.account)):
            raise TooManyRequestsError
        config = self._game_data.current
        world = self._world(entry, message, known, config)
        return Call(
            entry=entry, uid=self._uid(entry, known, world), account=known.account if known else "", world=world,
            arguments=fields.convert(entry.fields, message.data), request_id=message.id, message_id=message_id,
            config=config)

    def _authenticate(self, message: Request, identity: Identity | None, live_token_id: str | None) -> Identity:
        if not message.token:
            raise Refusal(Status.TOKEN_MISSING, "token missing")
        try:
            return self._identities.check(message.token, identity, live_token_id)
        except TokenRefusedError:
            raise Refusal(Status.TOKEN_REFUSED, "token refused") from None

    def _world(self, entry: Entry, message: Request, known: Identity | None, config: Mapping[str, Any]) -> World:
        if entry.scope in (Scope.NOBODY, Scope.ACCOUNT):
            return NO_WORLD
        world = self._worlds.resolve(config, message.world)
        if known is not None and known.kind == SESSION and known.world != world.id:
            raise Refusal(Status.TOKEN_REFUSED, "the token belongs to another world")
        return world

    def _uid(self, entry: Entry, known: Identity | None, world: World) -> str:
        if known is None:
            return ""
        return self._players.uid(known.account, world.id) if entry.scope is Scope.PLAYER else known.account


def guarded(work: Callable[[], bytes]) -> bytes:  # noqa: C901, PLR0911  # a table of errors
    """Return what ``work`` returns; turn each error into the status that the client gets."""
    try:
        return work()
    except Refusal as refusal:
        return refusal.answer
    except (MalformedRequestError, FieldError) as error:
        return answers.platform(Status.MALFORMED, str(error))
    except UnknownWorldError as error:
        return answers.platform(Status.UNKNOWN_WORLD, str(error))
    except NoPlayerError:
        return answers.platform(Status.UNKNOWN_WORLD, "no player in this world")
    except TooManyRequestsError:
        LIMITED.inc()
        return answers.busy(RETRY_AFTER)
    except OwnerGoneError:
        return answers.platform(Status.TOKEN_REFUSED, "token refused")
    except NotAnsweredError:
        log.info("not answered: the same request is under way elsewhere")
        return answers.platform(Status.TIMED_OUT, "request timed out")
    except OutcomeUnknownError as error:
        log.error("the outcome of a commit is unknown: %s", error)
        return answers.platform(Status.TIMED_OUT, "request timed out")
    except (DatabaseUnavailableError, ServiceUnavailableError, NoGameDataError, redis.RedisError) as error:
        log.warning("not served: %s: %s", type(error).__name__, error)
        return answers.busy(RETRY_AFTER)
    except Exception:  # a defect in one function must not end the worker
        log.exception("programming error")
        return answers.platform(Status.PROGRAMMING_ERROR, "programming error")


