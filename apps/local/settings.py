"""Options of the local system."""

from dataclasses import dataclass

from common.logs import LEVELS
from common.options import option, secret
from common.process_settings import TlsSettings


@dataclass(frozen=True, kw_only=True)
class ReplicaSettings:
    """How many processes of each kind run."""

    workers: int = option(1, "Number of workers", least=1)
    gates: int = option(1, "Number of gates", least=1)
    edges: int = option(1, "Number of edges", least=1)
    auths: int = option(1, "Number of auth services", least=1)
    configs: int = option(1, "Number of config services", least=1)
    mails: int = option(1, "Number of mail services", least=1)
    chatlogs: int = option(1, "Number of chat logs; one writes, the others wait for its end", least=0)


@dataclass(frozen=True, kw_only=True)
class BackendSettings:
    """Running backends that are used instead of private ones; the addresses may hold passwords."""

    nats_url: str = secret("Running NATS servers to use instead of a private one")
    redis_url: str = secret("Running Redis to use instead of a private one")
    mysql_url: str = secret("Running MySQL or MariaDB (mysql://user:password@host:port/database) to use instead")


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """How long things may take, and how a process that died comes back."""

    ready_seconds: float = option(60.0, "Seconds until everything has to be ready", least=1)
    start_attempts: int = option(3, "How often a process may die during the start before the start fails", least=1)
    stop_seconds: float = option(10.0, "Seconds that a process may take to stop before it is killed", least=0.1)
    restart_delay: float = option(0.5, "Seconds before a process that died is started again; doubles each time",
                                  least=0.01)
    restart_delay_max: float = option(30.0, "Longest wait before a process is started again, in seconds", least=0.01)
    restart_reset: float = option(30.0, "Seconds that a process has to live for its restarts to be forgotten", least=0)


@dataclass(frozen=True, kw_only=True)
class LocalSettings(ReplicaSettings, BackendSettings, TlsSettings, WatchSettings):
    """Start the whole system on this machine. The environment is passed on, so options of services work there too."""

    base_port: int = option(-1, "First of 220 ports to use; -1: the usual ports of the services; 0: any free ports",
                            least=-1)
    peer_host: str = option("127.0.0.1", "Address at which processes look for auth, config, mail and gates; another "
                            "one of this machine when something lies in between that listens there on their ports")
    data_dir: str = option(".run", "Folder for all data, logs and secrets of the local system")
    game_data: str = option("conf/game", "Folder of the game data; a relative one is in the folder of the project")
    debug_functions: bool = option(True, "Offer the functions that only development needs")
    log_level: str = option("info", "Least level of log lines of the services", choices=LEVELS)
    log_limit: int = option(64 * 1024 * 1024, "Bytes of a log file after which it is moved aside", least=4096)
    follow: bool = option(True, "Show the logs of all processes")
