"""Options of the worker."""

from dataclasses import dataclass

from common.options import option, secret
from common.process_settings import (
    ChatMuteSettings,
    HttpClientSettings,
    NameSettings,
    NatsSettings,
    OpsSettings,
    ProcessSettings,
    RedisSettings,
)


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(ProcessSettings, OpsSettings, NatsSettings, RedisSettings, HttpClientSettings, ChatMuteSettings,
                     NameSettings):
    """Runs the game's functions."""

    jobs_subject: str = option("jobs", "NATS subject of the jobs")
    jobs_queue: str = option("workers", "NATS queue group in which workers share the jobs")
    concurrency: int = option(64, "Jobs that run at once", least=1)
    queue: int = option(256, "Jobs that may wait for a free place; beyond it the client is told to come again", least=0)
    queue_seconds: float = option(0.2, "Seconds that the oldest waiting job may wait before new ones are refused",
                                  least=0.01)
    least_jobs: int = option(24, "Jobs that may be here at once, waiting or running, however slow all are", least=1)
    quick_seconds: float = option(
        0.15, "Seconds that a quick job takes at most, longer than in a quiet system; while not one in ten is quick, "
        "fewer jobs are let in", least=0.001)
    quick_interval: float = option(0.25, "Seconds between two looks whether any are quick", least=0.01)
    cold_seconds: float = option(15.0, "Seconds after its start in which a worker looks for nothing like that, as all "
                                 "is new to it", least=0)
    stuck_seconds: float = option(0.5, "Age of a job that waits for something else than its turn; it keeps nobody out",
                                  least=0.01)
    player_rate: float = option(50.0, "Requests a second of one account, in all workers together; 0 for no limit",
                                least=0)
    player_burst: int = option(200, "Requests that one account may send at once before its rate counts", least=1)
    player_rate_workers: int = option(
        32, "Workers for which the rate of an account holds; each lets so small a part of it pass without asking Redis",
        least=1)
    job_seconds: float = option(10.0, "Seconds that a job may take, its waiting included", least=0.1)
    access_log: bool = option(False, "Write a log line for each finished job")

    names_concurrency: int = option(4, "Questions of edges about game names that are looked up at once", least=1)
    names_queue: int = option(256, "Such questions that may wait; more are refused", least=1)
    names_seconds: float = option(1.0, "Seconds that such an answer may take", least=0.05)

    mysql_url: str = secret("MySQL of accounts and worlds, as mysql://user:password@host:port/schema")
    mysql_connections: int = option(32, "MySQL connections for reading, and as many for transactions, at most", least=1)
    mysql_connect_seconds: float = option(2.0, "Seconds for connecting to MySQL", least=1)
    mysql_statement_seconds: float = option(5.0, "Seconds that MySQL may take for one statement", least=0.1)
    mysql_lock_seconds: float = option(2.0, "Seconds that a statement may wait for a lock before its transaction is "
                                       "tried again; less than --mysql-statement-seconds", least=1)

    auth_url: tuple[str, ...] = option(("http://127.0.0.1:8001",), "Auth service, or several separated by commas")
    config_url: tuple[str, ...] = option(("http://127.0.0.1:8000",), "Config service, or several")
    mail_url: tuple[str, ...] = option(("http://127.0.0.1:8020",), "Mail service, or several")

    mail_lanes: int = option(4, "Calls of the mail service at once that deliver mails", least=1)
    mail_batch: int = option(32, "Mails that are delivered in one call", least=1)

    ticket_try_seconds: float = option(
        0.5, "Seconds that one of four tries to register a chat ticket may take, each with another ticket", least=0.05)

    config_seconds: float = option(2.0, "Seconds between two looks for a new version of the game data", least=0.1)
    config_copy: str = option("", "File that keeps the last good game data for a start while config is away and Redis "
                              "has no copy; none if empty")
    config_copy_bytes: int = option(8 * 1024 * 1024, "Largest game data of which Redis keeps a copy; 0: none", least=0)
    config_copy_seconds: float = option(60.0, "Seconds between two looks whether the copies are still there", least=0.1)
    token_cache: int = option(20_000, "Tokens whose signature is remembered", least=0)
    player_cache: int = option(50_000, "Accounts whose player is remembered", least=0)

    gate_connect_seconds: float = option(1.0, "Seconds for connecting to a gate", least=0.1)
    gate_queue: int = option(4096, "Answers that may wait for one gate", least=1)
    gate_idle_seconds: float = option(30.0, "Seconds without answers after which a gate is looked up again", least=0.1)
    gate_patience_seconds: float = option(10.0, "Seconds that answers wait for Redis to say where their gate is",
                                          least=0)
    gate_resend_seconds: float = option(2.0, "Seconds for which a written answer is kept, to be written again if the "
                                        "connection to its gate breaks", least=0)

    request_key: str = secret("Key that seals stored answers with tokens in them, the same for all workers; made "
                              "of the password in --mysql-url where none is given")
    repeat_seconds: float = option(2.0, "Seconds that a repeat of a request waits for the first one, which is under "
                                   "way", least=0)
    request_hours: float = option(24.0, "Hours that the answer of a request id is kept", least=0.01)
    housekeeping_seconds: float = option(10.0, "Seconds between two looks for what is over: stored answers, requests "
                                         "that nobody answers, families whose time to disband has come", least=0.05)
    housekeeping_rows: int = option(500, "Stored answers, and players listed by mail jobs, that one statement removes",
                                    least=1)
    outbox_seconds: float = option(1.0, "Seconds between two looks for what is left to deliver", least=0.05)
    outbox_lease_seconds: float = option(10.0, "Seconds that a delivery belongs to the worker that took it", least=1)
    outbox_batch: int = option(100, "Deliveries that are taken at once", least=1)

    open_request_days: float = option(
        30.0, "Days after which a friend request, an invitation or an application ends that nobody has answered",
        least=0.01)
    friend_requests_sent: int = option(100, "Friend requests of one player that may wait for an answer", least=1)
    friend_requests_received: int = option(
        30, "Friend requests to one player that may wait for an answer; fewer than --box-size of mail, so that other "
        "mails find room", least=1)

    mail_job_seconds: float = option(1.0, "Seconds between two looks for a mail job when there is none", least=0.05)
    mail_job_batch: int = option(100, "Mails that one turn of a mail job writes", least=1)
    mail_job_window: int = option(5000, "Players that one turn of a mail job looks at", least=1)
    mail_job_pause: float = option(0.25, "Seconds between two turns of one mail job, in all workers together",
                                   least=0.01)
    mail_job_backlog: int = option(1000, "Mails on their way beyond which a mail job writes no more for now", least=1)
    mail_job_parallel: int = option(16, "Mails of jobs in one call of the mail service, one call at a time; no more "
                                    "than --batch-size of mail", least=1)

    filter_mode: str = option("mask", "What happens to what a player writes with an unwanted word: its words become *, "
                              "it is refused, or nothing; names are refused in both of the first",
                              choices=("mask", "refuse", "off"))
    words: str = option("conf/chat/words", "Folder of the unwanted words: *.txt, a word a line, # for comments")
    words_seconds: float = option(5.0, "Seconds between two looks for changed word lists", least=0.05)
    words_limit: int = option(16 * 1024 * 1024, "Largest size of all word lists together, in bytes", least=1)

    debug_functions: bool = option(False, "Serve the functions that give anything to anyone; never in production")
    code_sender: str = option("none", "How codes reach people: none refuses, file writes them down and logs them, "
                              "webhook posts them to a gateway", choices=("none", "file", "webhook"))
    code_file: str = option(".run/codes.txt", "File of the file sender")
    code_webhook_url: tuple[str, ...] = option((), "Gateway for e-mail and SMS, or several: the webhook sender posts "
                                               "{medium, action, address, code} to its path /send_code")
    code_webhook_token: str = secret("Token that the gateway knows the worker by")
    login_tries: int = option(10, "Failed logins of one account within the window before it has to wait", least=1)
    login_window_seconds: int = option(300, "Seconds that failed logins count", least=1)
    codes_per_day: int = option(5, "Codes that are sent for one account a day, e-mail and SMS together", least=1)
    code_tries: int = option(5, "Wrong tries after which a code is void", least=1)
    password_threads: int = option(2, "Passwords that are hashed at once, outside of the event loop", least=1)
