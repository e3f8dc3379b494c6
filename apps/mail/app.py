"""The HTTP endpoints of the mail service."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from flask import Flask, Response

from apps.mail import checks
from apps.mail.box import BoxBusyError
from apps.mail.delivery import DeliveryRules, Outcome
from apps.mail.reader import Listed, Listing, Reader
from apps.mail.settings import MailSettings
from apps.mail.store import MailStore, StoreRules
from common.health import Health
from common.http_service import equip, fields, reply

log = logging.getLogger(__name__)

MALFORMED = FAILED = -1
BUSY = -3
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
        Reader(settings.limits, settings.cache_mails),
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
            "send": self.send, "all": self.all, "new": self.new, "get": self.get, "count": self.count,
            "mark_read": self.mark_read, "delete": self.delete, "delete_read": self.delete_read,
        }

    def send(self) -> Response:
        given = fields()
        name = checks.box_name(given)
        key = checks.new_key(given) or self.new_key()
        content = checks.content(given, self.settings.limits)
        if self.store.send(name, key, content) is Outcome.FULL:
            return reply({"status": 1, "message": "mailbox full"})
        return reply({"status": 0, "uid": name.uid, "key": key})

    def all(self) -> Response:
        return self._listing(self.store.list_all(checks.box_name(fields())))

    def new(self) -> Response:
        return self._listing(self.store.list_new(checks.box_name(fields())))

    def get(self) -> Response:
        given = fields()
        found = self.store.get(checks.box_name(given), checks.keys(given)[0]).mails
        return reply({"status": 0, "mail": _shown(found[0])} if found else {"status": 1, "message": "no such mail"})

    def count(self) -> Response:
        return reply({"status": 0, "count": self._count(self.store.count(checks.box_name(fields())))})

    def mark_read(self) -> Response:
        given = fields()
        return _keys(self.store.mark_read(checks.box_name(given), checks.keys(given)))

    def delete(self) -> Response:
        given = fields()
        return _keys(self.store.delete(checks.box_name(given), checks.keys(given)))

    def delete_read(self) -> Response:
        given = fields()
        return _keys(self.store.delete_read(checks.box_name(given), checks.key_list(given, "except")))

    def _listing(self, listing: Listing) -> Response:
        mails = [_shown(listed) for listed in listing.mails]
        return reply({"status": 0, "mail": mails, "count": self._count(listing.total)})

    def _count(self, current: int) -> dict[str, int]:
        return {"cur": current, "max": self.settings.box_size}


def _shown(listed: Listed) -> dict[str, Any]:
    name, content = listed.entry.name, listed.mail.content
    shown = {
        "read": int(name.seen),
        "body": content.body,
        "time": listed.mail.time,
        "type": content.type,
        "from": content.sender,
        "subj": content.subj,
        "key": name.key,
    }
    return shown if content.items is None else shown | {"items": content.items}


def _keys(keys: list[str]) -> Response:
    return reply({"status": 0, "keys": keys})


def _malformed(error: checks.MalformedError) -> Response:
    return reply({"status": MALFORMED, "message": str(error)}, 400)


def _busy(_error: BoxBusyError) -> Response:
    return reply({"status": BUSY, "message": "the mailbox is busy"}, 503)


def _failed(error: OSError) -> Response:
    log.error("work on the disk failed: %s", error.strerror or error, extra={"errno": error.errno})
    return reply({"status": FAILED, "message": "the mails cannot be reached"}, 503)
