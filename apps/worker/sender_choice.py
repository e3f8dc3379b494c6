"""Which sender of codes the options ask for."""

from pathlib import Path

from apps.worker.senders import FileSender, NoSender, Sender, WebhookSender
from apps.worker.settings import WorkerSettings
from common.http_client import JsonClient


def choose_sender(settings: WorkerSettings) -> Sender:
    """Return the sender that ``--code-sender`` names."""
    if settings.code_sender == "file":
        return FileSender(Path(settings.code_file))
    if settings.code_sender == "webhook":
        if not settings.code_webhook_url:
            raise ValueError("--code-sender webhook needs --code-webhook-url")
        http = JsonClient("code gateway", settings.code_webhook_url, timeout=settings.service_timeout,
                          connections=settings.service_connections)
        return WebhookSender(http, settings.code_webhook_token)
    return NoSender()
