"""The HTTP endpoints of the mail service."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
from flask import Flask, Response

from apps.mail import checks
from apps.mail.box import BoxBusyError
from apps.mail.delivery import DeliveryRules, Outcome, Parcel
from apps.mail.listings import Listing, Listings, Which
from apps.mail.reader import Reader
from apps.mail.settings import MailSettings
from apps.mail.store import MailStore, StoreRules
from common.health import Health
from common.http_service import equip, fields, reply

log = logging.getLogger(__name__)

FULL = 1
MALFORMED = FAILED = -1
BUSY = -3
UNREACHABLE = "the mails cannot be reached"
NewKey = Callable[[], str]


def create_app(settings: MailSettings, health: Health, random: Random, clock: Callable[[], float] = time.time) -> Flask:
    """Build the app. ``random`` makes the keys of mails, so it must be one that cannot be guessed."""
    store = build_store(settings, random, clock)
    health.add("mail root", store.probe)
    app = Flask("mail")
    endpoints = Endpoints(store, settings, lambda: f"{random.getrandbits(128):032x}")
    for path, view in endpoints.views().items():
        app.add_url_rule(f"/{path}", path, view, methods=["POST"])
    app.register_error_handler(checks.MalformedError, _malformed)
    app.register_error_handler(BoxBusyError, _busy)
    app.register_error_handler(OSError, _failed)
    return equip(app, health, settings)


def build_store(settings: MailSettings, random: Random, clock: Callable[[], float]) -> MailStore:
    """Build what keeps the mails."""
    return MailStore(
        settings.mail_root,
        StoreRules(settings.lock_seconds, settings.io_seconds, settings.io_threads),
        DeliveryRules(settings.box_size, settings.mail_domain, settings.tombstone_days * 86400,
                      settings.tmp_hours * 3600),
        Reader(settings.limits, settings.cache_mails, Listings(settings.cache_mails // settings.box_size)),
        clock=clock,
        random=random,
    )


@dataclass(frozen=True)
class Endpoints:
    """One method an endpoint; each reads the fields of the running request."""

    store: MailStore
    settings: MailSettings
    new_key: NewKey

    def views(self) -> dict[str, Callable[[], Response]]:
        """Return the endpoints by their paths."""
        return {
            "send": self.send, "send_batch": self.send_batch, "all": self.all, "new": self.new,
            "list_batch": self.list_batch, "get": self.get, "count": self.count,
            "count_batch": self.count_batch, "keys": self.keys, "mark_read": self.mark_read,
            "mark_listed": self.mark_listed, "delete": self.delete,
            "delete_read": self.delete_read,
        }

    def send(self) -> Response:
        parcel = self._parcel(fields())
        outcome = self.store.send([parcel])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return reply(_sent(parcel, outcome))

    def send_batch(self) -> Response:
        """Deliver several mails; each has an answer of its own, as ``send`` would give it."""
        given = checks.objects(fields(), "mails", self.settings.batch_size)
        parcels = [self._parcel_or_refusal(one) for one in given]
        sent = iter(self.store.send([parcel for parcel in parcels if isinstance(parcel, Parcel)]))
        return reply({"status": 0, "answers": [
            _sent(parcel, next(sent)) if isinstance(parcel, Parcel) else _refusal(parcel) for parcel in parcels]})

    def all(self) -> Response:
        return reply(self._listed(self.store.listing(checks.box_name(fields()), Which.ALL)))

    def new(self) -> Response:
        """List the mails that were never listed before. With ``peek`` they stay new, see ``mark_listed``."""
        given = fields()
        return reply(self._listed(self.store.listing(checks.box_name(given), _new(given))))

    def list_batch(self) -> Response:
        """List several mailboxes; each has an answer of its own, that of ``all``, or of ``new`` where it asks so, then
        with ``peek`` or without."""
        given = checks.objects(fields(), "boxes", self.settings.list_batch_size)
        found = self.store.list_each([(checks.box_name(box), _new(box) if box.get("new") is True else Which.ALL)
                                      for box in given])
        return reply({"status": 0, "answers": [
            _refusal(listing) if isinstance(listing, Exception) else self._listed(listing) for listing in found]})

    def get(self) -> Response:
        given = fields()
        found = self.store.get(checks.box_name(given), checks.keys(given)[0]).mails
        return reply({"status": 0, "mail": found[0].shown()} if found else {"status": 1, "message": "no such mail"})

    def count(self) -> Response:
        return reply(self._counted(self.store.count(checks.box_name(fields()))))

    def count_batch(self) -> Response:
        """Count the mails in several mailboxes; each has an answer of its own, that of ``count``."""
        given = checks.objects(fields(), "boxes", self.settings.list_batch_size)
        found = self.store.count_each([checks.box_name(box) for box in given])
        return reply({"status": 0, "answers": [
            _refusal(count) if isinstance(count, Exception) else self._counted(count) for count in found]})

    def keys(self) -> Response:
        """Give the keys of all mails, or with ``read`` of those that were read, and change nothing."""
        given = fields()
        return _keys(self.store.keys(checks.box_name(given), only_read=given.get("read") is True))

    def mark_read(self) -> Response:
        given = fields()
        return _keys(self.store.mark_read(checks.box_name(given), checks.keys(given)))

    def mark_listed(self) -> Response:
        """Let mails be new no more; ``keys`` are those that were."""
        given = fields()
        return _keys(self.store.mark_listed(checks.box_name(given), checks.keys(given)))

    def delete(self) -> Response:
        given = fields()
        return _keys(self.store.delete(checks.box_name(given), checks.keys(given)))

    def delete_read(self) -> Response:
        given = fields()
        return _keys(self.store.delete_read(checks.box_name(given), checks.key_list(given, "except")))

    def _parcel(self, given: dict[str, Any]) -> Parcel:
        return Parcel(checks.box_name(given), checks.new_key(given) or self.new_key(),
                      checks.content(given, self.settings.limits))

    def _parcel_or_refusal(self, given: dict[str, Any]) -> Parcel | checks.MalformedError:
        try:
            return self._parcel(given)
        except checks.MalformedError as error:
            return error

    def _listed(self, listing: Listing) -> dict[str, Any]:
        return {"status": 0, "mail": orjson.Fragment(listing.as_json), "count": self._count(listing.total)}

    def _counted(self, current: int) -> dict[str, Any]:
        return {"status": 0, "count": self._count(current)}

    def _count(self, current: int) -> dict[str, int]:
        return {"cur": current, "max": self.settings.box_size}


def _new(given: dict[str, Any]) -> Which:
    return Which.PEEK if checks.flag(given, "peek") else Which.NEW


def _sent(parcel: Parcel, outcome: Outcome | Exception) -> dict[str, Any]:
    if isinstance(outcome, Exception):
        return _refusal(outcome)
    if outcome is Outcome.FULL:
        return {"status": FULL, "message": "mailbox full"}
    return {"status": 0, "uid": parcel.name.uid, "key": parcel.key}


def _refusal(error: Exception) -> dict[str, Any]:
    """Return the answer to one of several, of which others may well succeed."""
    if isinstance(error, checks.MalformedError):
        return {"status": MALFORMED, "message": str(error)}
    return {"status": BUSY, "message": "the mailbox is busy" if isinstance(error, BoxBusyError) else UNREACHABLE}


def _keys(keys: list[str]) -> Response:
    return reply({"status": 0, "keys": keys})


def _malformed(error: checks.MalformedError) -> Response:
    return reply({"status": MALFORMED, "message": str(error)}, 400)


def _busy(_error: BoxBusyError) -> Response:
    return reply({"status": BUSY, "message": "the mailbox is busy"}, 503)


def _failed(error: OSError) -> Response:
    log.error("work on the disk failed: %s", error.strerror or error, extra={"errno": error.errno})
    return reply({"status": FAILED, "message": UNREACHABLE}, 503)
