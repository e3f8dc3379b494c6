"""An address of this machine for each pod, and how names become addresses.

The loopback network has 16 million addresses, so each pod gets one of its own and keeps its ports.
"""

import itertools
import random
import re
from collections.abc import Mapping

ANY_ADDRESS = "0.0.0.0"


class Addresses:
    """Gives addresses to pods and writes them in the place of names."""

    def __init__(self) -> None:
        choose = random.SystemRandom().randrange
        self._network = f"127.{choose(1, 255)}.{choose(1, 255)}"
        self._numbers = itertools.count(1)
        self._of_pods: dict[str, str] = {}
        """By names such as ``nats-0.nats-peers``."""
        self._of_services: dict[str, str] = {}

    def reserve(self, service: str) -> str:
        """Give a service an address of its own, at which somebody else leads to its pods."""
        address = self._of_services[service] = self._next()
        return address

    def give(self, pod: str, services: Mapping[str, bool]) -> str:
        """Give ``pod`` an address; ``services`` lead to it, those with True by names of the pods too."""
        address = self._next()
        for service, names_pods in services.items():
            self._of_services.setdefault(service, address)
            if names_pods:
                self._of_pods[f"{pod}.{service}"] = address
        return address

    def write_into(self, text: str, own: str) -> str:
        """Return ``text`` with addresses for names, and ``own`` for all addresses of the pod itself."""
        text = text.replace(ANY_ADDRESS, own)
        for name, address in self._of_pods.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", address, text)
        for name, address in self._of_services.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?=:\d)", address, text)
        return text

    def _next(self) -> str:
        return f"{self._network}.{next(self._numbers)}"
