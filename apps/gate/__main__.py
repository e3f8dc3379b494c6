from gevent import monkey

monkey.patch_all()

import logging
import os
import secrets
import sys
import time

from apps.gate.addresses import advertised, with_port
from apps.gate.client_server import ClientServer
from apps.gate.congestion import Congestion
from apps.gate.dispatcher import Dispatcher
from apps.gate.lingering import MOST as MOST_LINGERING
from apps.gate.pending import PendingAnswers
from apps.gate.registration import Registration
from apps.gate.settings import GateSettings
from apps.gate.shares import Shares
from apps.gate.worker_server import WorkerServer
from common import logs, options, redis_client, tls
from common.connection_limits import allow_open_files
from common.health import Health
from common.lifecycle import Process
from common.nats import Client
from common.ops import OpsServer
from common.token_bucket import Rates
from common.watchdog import Watchdog

log = logging.getLogger("apps.gate")


def build(settings: GateSettings) -> Process:
    """Put the parts of a gate together, in the order in which they start.

    Raises ValueError and OSError for options that cannot work.
    """
    certificate = tls.server_context(settings.tls_cert, settings.tls_key)
    worker_host = advertised(settings.advertise_host, settings.host)
    health = Health(patience=settings.ready_patience)
    process = Process("gate", stop_seconds=settings.stop_seconds, drain=health.drain)

    process.add(Watchdog(settings.blocked_seconds))
    process.add(OpsServer((settings.host, settings.ops_port), health))
    nats = process.add(Client(settings.nats_url, name="gate", timeout=settings.nats_timeout,
                              buffer_bytes=settings.nats_buffer))
    store = process.add(redis_client.connect(settings))
    pending = process.add(PendingAnswers(limit=settings.max_pending, seconds=settings.answer_seconds,
                                         clock=time.monotonic, spawn=process.spawn))
    workers = process.add(WorkerServer(host=settings.host, port=settings.worker_port, limit=settings.answer_limit,
                                       max_connections=settings.max_worker_connections, deliver=pending.answer,
                                       spawn=process.spawn))
    registration = process.add(Registration(
        redis_client=store, address=lambda: with_port(worker_host, workers.port),
        interval=settings.registration_interval, random_hex=secrets.token_hex, spawn=process.spawn))
    inbox = f"_INBOX.{secrets.token_hex(8)}"
    dispatcher = Dispatcher(redis_client=store, nats=nats, registration=registration, pending=pending, inbox=inbox,
                            subject=settings.jobs_subject, retry_after=settings.retry_after,
                            random_hex=secrets.token_hex)
    nats.subscribe(f"{inbox}.*", callback=dispatcher.not_taken)
    health.add("redis", store.probe)
    health.add("nats", lambda: f"answers in {nats.round_trip() * 1000:.1f} ms")
    health.add("registration", registration.probe)
    health.note("pending", pending.__len__)
    shares = Shares(Rates(settings.address_rate, settings.address_burst, settings.max_connections, time.monotonic),
                    settings.address_share, settings.max_pending)
    congestion = process.add(Congestion(pending, shares, seconds=settings.wait_seconds, spawn=process.spawn))
    process.add(ClientServer(settings=settings, dispatcher=dispatcher, congestion=congestion, shares=shares,
                             tls=certificate, spawn=process.spawn))
    process.add(health)
    return process


def main() -> int:
    """Serve until SIGTERM; return the exit code: 0, 1 for an error, 2 for options that are not acceptable."""
    settings = options.parse(GateSettings, "apps.gate", sys.argv[1:], os.environ)
    logs.set_up("gate", settings.log_level, settings.log_format)
    wanted = (settings.max_connections + settings.max_worker_connections + MOST_LINGERING
              + settings.tls_refusals_at_once)
    room = allow_open_files(wanted)
    if room < wanted:
        log.warning("open files allow only %s connections", room)
    try:
        return build(settings).run()
    except (ValueError, OSError) as error:
        log.critical("cannot start: %s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
