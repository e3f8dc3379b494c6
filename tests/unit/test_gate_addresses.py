"""The address that workers are told."""

import ipaddress

import pytest

from apps.gate.addresses import NoAddressError, advertised, with_port


def test_what_is_given_is_taken() -> None:
    assert advertised("10.1.2.3", "0.0.0.0") == "10.1.2.3"
    assert advertised("", "10.9.9.9") == "10.9.9.9"
    assert advertised("", "127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_an_address_of_this_machine_or_an_error(host: str) -> None:
    try:
        found = advertised("", host)
    except NoAddressError:  # on a machine without a network
        return
    assert not ipaddress.ip_address(found).is_loopback


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert with_port("10.0.0.1", 8201) == "10.0.0.1:8201"
    assert with_port("::1", 8201) == "[::1]:8201"
