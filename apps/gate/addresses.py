"""By which address do workers reach this gate?"""

import ipaddress
import socket

WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104  # compared with, not bound to
FAR_AWAY = ("192.0.2.1", 9)
"""An address kept for documentation: asking for the way to it sends nothing."""


class NoAddressError(ValueError):
    """No address of this machine was found that another machine could reach."""


def advertised(advertise_host: str, host: str) -> str:
    """Return the host to tell workers: ``advertise_host``, or ``host``, or an address of this machine.

    Raises NoAddressError when ``host`` means all addresses and none but loopback ones are known.
    """
    if advertise_host:
        return advertise_host
    return host if host not in WILDCARDS else _own_address()


def with_port(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _own_address() -> str:
    for find in (_source_of_default_route, _address_of_hostname):
        try:
            address = find()
        except OSError:
            continue
        if not ipaddress.ip_address(address).is_loopback:
            return address
    raise NoAddressError("no address of this machine found for workers: give --advertise-host")


def _source_of_default_route() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(FAR_AWAY)
        return str(probe.getsockname()[0])


def _address_of_hostname() -> str:
    return socket.gethostbyname(socket.gethostname())
