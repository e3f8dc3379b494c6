"""What operators read (pure)."""

from collections.abc import Iterator, Sequence

from apps.worker import operators
from apps.worker.mail_jobs.creation import Created
from apps.worker.mail_jobs.store import Job

HEADINGS = ("key", "state", "world", "written", "planned", "created (UTC)", "who", "title")


def created(result: Created) -> Iterator[str]:
    """Yield what came of ``create``."""
    if result.job is None:
        yield f"{result.planned} players would get it; nothing was stored"
    elif result.is_new:
        yield f"the job {result.job.key} runs: {result.planned} players get it"
    else:
        yield (f"the job {result.job.key} was there already, {result.job.state}: "
               f"{result.job.written} of {result.planned} mails are written")


def changed(job: Job) -> str:
    """Return what became of a job."""
    return f"the job {job.key} is {job.state}: {job.written} of {job.planned} mails are written"


def listed(jobs: Sequence[Job]) -> Iterator[str]:
    """Return the lines of a table."""
    return operators.table([HEADINGS, *(_cells(job) for job in jobs)])


def shown(job: Job, undelivered: int) -> Iterator[str]:
    """Yield all that is known of a job, a line each."""
    content = job.order.content
    asked = ", ".join(f"{name}={value}" for name, value in job.order.filter.given().items())
    for name, value in (
        ("key", job.key), ("id", job.id), ("who", job.who), ("state", job.state), ("world", job.order.world),
        ("filter", asked or "all players"), ("planned", job.planned), ("written", job.written),
        ("undelivered", undelivered), ("last player", job.last_uid or "none"),
        ("created", f"{job.created} UTC"), ("updated", f"{job.updated} UTC"),
        ("sender", content.sender), ("title", content.title), ("items", ",".join(content.items) or "none"),
        ("body", content.body),
    ):
        yield f"{name + ':':<13}{value}"


def _cells(job: Job) -> tuple[str, ...]:
    return (job.key, job.state, job.order.world, str(job.written), str(job.planned), str(job.created), job.who,
            job.order.content.title)
