"""``python -m apps.worker``: build the parts of a worker and run them."""

from gevent import monkey

monkey.patch_all()

import logging
import os
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import gevent

from apps.worker.account_rates import AccountRates
from apps.worker.acts import Acts
from apps.worker.admission import Admission, AdmissionRules
from apps.worker.auth_client import AuthClient
from apps.worker.chores import chores
from apps.worker.claims import ClaimRules, Claims
from apps.worker.codes import Codes
from apps.worker.functions import function_list
from apps.worker.game_data import GameData
from apps.worker.game_data_copies import Copy, FileCopy, RedisCopy
from apps.worker.gate_sender import SendingRules
from apps.worker.gates import Gates
from apps.worker.housekeeping import Housekeeping
from apps.worker.identities import Identities
from apps.worker.look_up import LookUp, as_text
from apps.worker.mail_client import MailClient
from apps.worker.mail_jobs import batch
from apps.worker.mail_jobs.part import MailJobs
from apps.worker.message_handler import MessageHandler
from apps.worker.name_desk import NameDesk
from apps.worker.outbox import Outbox, Rows
from apps.worker.passwords import Passwords
from apps.worker.players import Players
from apps.worker.receivers import FULL_BOX_WAIT, receivers
from apps.worker.rules import player_names
from apps.worker.rules.friends import OpenRequests
from apps.worker.runner import Runner
from apps.worker.seals import Seals, password_of
from apps.worker.sender_choice import choose_sender
from apps.worker.services import Services
from apps.worker.settings import WorkerSettings
from apps.worker.throttle import Throttle
from apps.worker.wording import Mode, Wording
from apps.worker.worker import Worker
from common import keys, logs, options, redis_client
from common.health import Health
from common.http_client import JsonClient
from common.lifecycle import Part, Process
from common.mysql import Database
from common.nats import Client
from common.nats.jetstream import JetStream
from common.ops import OpsServer
from common.watchdog import Watchdog
from common.word_lists import WordLists

log = logging.getLogger("apps.worker")

INLINE_SECONDS = 1.5
RANDOM = secrets.SystemRandom()


def now() -> datetime:
    """The time of the world."""
    return datetime.now(UTC)


def pause(attempt: int) -> None:
    """Wait before a transaction is tried again: longer each time, and not in step with others."""
    gevent.sleep(RANDOM.uniform(0.5, 1) * min(0.02 * 2**attempt, 0.5))


def build(settings: WorkerSettings) -> Process:
    """Put the worker together; nothing connects before the process runs."""
    health = Health(patience=settings.ready_patience)
    process = Process("worker", stop_seconds=settings.stop_seconds, drain=health.drain)

    def service(name: str, urls: tuple[str, ...]) -> JsonClient:
        return JsonClient(name, urls, timeout=settings.service_timeout, connections=settings.service_connections,
                          patience=settings.service_patience, tries=settings.service_tries)

    redis = redis_client.connect(settings)
    nats = Client(settings.nats_url, name="worker", timeout=settings.nats_timeout, buffer_bytes=settings.nats_buffer)
    database = Database(
        settings.mysql_url, connections=settings.mysql_connections, pause=pause,
        connect_seconds=settings.mysql_connect_seconds, statement_seconds=settings.mysql_statement_seconds,
        lock_seconds=settings.mysql_lock_seconds)
    auth = AuthClient(service("auth", settings.auth_url), JsonClient(
        "auth", settings.auth_url, timeout=settings.ticket_try_seconds, connections=settings.service_connections))
    mail = MailClient(service("mail", settings.mail_url), lanes=settings.mail_lanes, batch=settings.mail_batch,
                      patience=settings.service_patience, tries=settings.service_tries)
    copies: list[Copy] = [RedisCopy(redis, settings.config_copy_bytes)]
    if settings.config_copy:
        copies.append(FileCopy(Path(settings.config_copy)))
    game_data = GameData(service("config", settings.config_url), settings.config_seconds, copies,
                         keep_seconds=settings.config_copy_seconds)
    lease = timedelta(seconds=settings.outbox_lease_seconds)
    outbox = Outbox(
        database, receivers(mail, nats, JetStream(nats, settings.nats_timeout)), rows=Rows.REQUESTS, parallel=1,
        longest_wait=FULL_BOX_WAIT, seconds=settings.outbox_seconds, lease=lease, batch=settings.outbox_batch,
        inline_seconds=INLINE_SECONDS, clock=lambda: now().replace(tzinfo=None))
    lists = WordLists(Path(settings.words), seconds=settings.words_seconds, limit=settings.words_limit)
    services = Services(
        auth=auth, mail=mail, redis=redis,
        passwords=Passwords(settings.password_threads, secrets.token_bytes),
        codes=Codes(redis, choose_sender(settings), tries=settings.code_tries, per_day=settings.codes_per_day,
                    random_below=secrets.randbelow),
        logins=Throttle(redis, "login", settings.login_tries, settings.login_window_seconds),
        open_requests=OpenRequests(settings.friend_requests_sent, settings.friend_requests_received),
        words=Wording(lists, Mode(settings.filter_mode)),
        longest_mute=timedelta(days=settings.mute_days))
    rates = AccountRates(settings.player_rate, settings.player_burst, workers=settings.player_rate_workers,
                         size=settings.player_cache, clock=time.monotonic)
    handler = MessageHandler(
        functions=function_list(debug=settings.debug_functions),
        identities=Identities(auth, settings.token_cache, time.time),
        players=Players(database, settings.player_cache), game_data=game_data,
        rates=rates,
        runner=runner(settings, database, services, outbox))
    gates = Gates(lambda gate_id: as_text(redis.get(keys.gate(gate_id))), SendingRules(
        connect_seconds=settings.gate_connect_seconds, idle_seconds=settings.gate_idle_seconds,
        patience=settings.gate_patience_seconds, memory=settings.gate_resend_seconds, queue=settings.gate_queue))
    worker = Worker(
        nats, LookUp(redis, rates), gates, handler, admission(settings), subject=settings.jobs_subject,
        queue_group=settings.jobs_queue, concurrency=settings.concurrency, queue=settings.queue,
        queue_seconds=settings.queue_seconds, job_seconds=settings.job_seconds, access_log=settings.access_log,
        clock=time.monotonic)

    for name, probe in (
        ("redis", redis.probe), ("nats", lambda: f"{nats.round_trip(1) * 1000:.1f} ms"),
        ("mysql", lambda: database.probe("player")), ("auth", auth.probe), ("mail", mail.probe),
        ("game_data", game_data.probe),
    ):
        health.add(name, probe)
    parts: list[Part] = [
        Watchdog(settings.blocked_seconds), OpsServer((settings.host, settings.ops_port), health), redis, nats, health,
        game_data, *([lists] if settings.filter_mode != Mode.OFF.value else []), outbox,
        *mail_jobs(settings, database, nats), housekeeping(settings, database, outbox), gates,
        name_desk(settings, database, nats), worker,
    ]
    for part in parts:
        process.add(part)
    return process


def admission(settings: WorkerSettings) -> Admission:
    """Return what decides how many jobs are let in."""
    return Admission(AdmissionRules(
        least=settings.least_jobs, most=settings.concurrency + settings.queue, quick=settings.quick_seconds,
        interval=settings.quick_interval, cold=settings.cold_seconds, stuck=settings.stuck_seconds), time.monotonic())


def runner(settings: WorkerSettings, database: Database, services: Services, outbox: Outbox) -> Runner:
    """Return what runs functions."""
    lease = timedelta(seconds=settings.outbox_lease_seconds)
    seals = Seals(settings.request_key or password_of(settings.mysql_url))
    claims = Claims(
        database, seals, ClaimRules(lasts=settings.job_seconds, patience=settings.repeat_seconds), lease=lease,
        draw=partial(secrets.token_hex, 16), pause=pause, clock=time.monotonic)
    return Runner(database, services, outbox, Acts(claims, outbox), seals, clock=now, random=RANDOM, lease=lease)


def name_desk(settings: WorkerSettings, database: Database, nats: Client) -> NameDesk:
    """Return the part that tells edges who has a game name."""
    return NameDesk(
        nats, lambda world, name: database.read(lambda db: player_names.bearer(db, world, name)),
        subject=settings.names_subject, queue_group=settings.jobs_queue, concurrency=settings.names_concurrency,
        queue=settings.names_queue, seconds=settings.names_seconds, clock=time.monotonic)


def housekeeping(settings: WorkerSettings, database: Database, outbox: Outbox) -> Housekeeping:
    """Return the part that removes what is over."""
    to_do = chores(keep_answers=timedelta(hours=settings.request_hours),
                   keep_requests=timedelta(days=settings.open_request_days), rows=settings.housekeeping_rows)
    return Housekeeping(database, outbox.deliver, to_do, seconds=settings.housekeeping_seconds,
                        lease=timedelta(seconds=settings.outbox_lease_seconds), clock=now)


def mail_jobs(settings: WorkerSettings, database: Database, nats: Client) -> list[Part]:
    """Return the parts that write the mails of jobs and bring them to the mail service, by calls of their own."""
    lease = timedelta(seconds=settings.outbox_lease_seconds)
    http = JsonClient("mail", settings.mail_url, timeout=settings.service_timeout, connections=1)
    mail = MailClient(http, lanes=1, batch=settings.mail_job_parallel)
    outbox = Outbox(
        database, receivers(mail, nats, JetStream(nats, settings.nats_timeout)), rows=Rows.JOBS,
        parallel=settings.mail_job_parallel, longest_wait=timedelta(hours=1), seconds=settings.outbox_seconds,
        lease=lease, batch=settings.outbox_batch, inline_seconds=INLINE_SECONDS,
        clock=lambda: now().replace(tzinfo=None))
    pace = batch.Pace(settings.mail_job_batch, settings.mail_job_window, timedelta(seconds=settings.mail_job_pause),
                      settings.mail_job_backlog, horizon=lease)
    return [outbox, MailJobs(database, pace, seconds=settings.mail_job_seconds, clock=now)]


def main() -> int:
    settings = options.parse(WorkerSettings, "apps.worker", sys.argv[1:], os.environ)
    logs.set_up("worker", settings.log_level, settings.log_format)
    try:
        return build(settings).run()
    except ValueError as error:
        log.critical("cannot start: %s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
