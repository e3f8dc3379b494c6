"""Who wants which messages."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import gevent
from pynats2 import NATSSubscription

from common.nats.codec import encode_subscribe, encode_unsubscribe
from common.nats.message import Message

log = logging.getLogger(__name__)


class Subscriptions:
    """The subscriptions of a client; they outlive its connections."""

    def __init__(self) -> None:
        self._by_sid: dict[int, NATSSubscription] = {}
        self._retired: set[int] = set()
        self._last_sid = 0

    def __iter__(self) -> Iterator[NATSSubscription]:
        return iter([*self._by_sid.values()])

    def __len__(self) -> int:
        return len(self._by_sid)

    def __contains__(self, subscription: NATSSubscription) -> bool:
        return self._by_sid.get(subscription.sid) is subscription

    def add(
        self, subject: str, queue: str, callback: Callable[[Message], Any], max_messages: int | None
    ) -> NATSSubscription:
        """Add a subscription. Raises ValueError for a subject, queue or number that is not legal."""
        encode_subscribe(subject, queue, 0)
        if max_messages is not None and max_messages < 1:
            raise ValueError("max_messages is at least 1")
        self._last_sid += 1
        subscription = NATSSubscription(self._last_sid, subject, queue, callback, max_messages)
        self._by_sid[subscription.sid] = subscription
        return subscription

    def remove(self, subscription: NATSSubscription) -> None:
        """Deliver nothing more to a subscription; harmless when it is gone."""
        self._by_sid.pop(subscription.sid, None)
        self._retired.discard(subscription.sid)

    def clear(self) -> None:
        """Remove all of them."""
        self._by_sid.clear()
        self._retired.clear()

    def retire(self, subscription: NATSSubscription) -> None:
        """Deliver what still arrives, but do not ask the next connection for more."""
        self._retired.add(subscription.sid)

    def frames(self) -> Iterator[bytes]:
        """Yield what subscribes all of them on a new connection."""
        for sid, subscription in self._by_sid.items():
            if sid not in self._retired:
                yield frame(subscription)

    def deliver(self, message: Message) -> None:
        """Call the subscriber, in the greenlet of the caller; its errors are logged and go no further."""
        subscription = self._by_sid.get(message.sid)
        if subscription is None:
            return  # it was on its way when the subscription ended
        subscription.received_messages += 1
        if subscription.max_messages is not None and subscription.is_wasted():
            self.remove(subscription)
        try:
            subscription.callback(message)
        except (Exception, gevent.Timeout):  # one subscriber's error is nobody else's
            log.exception("the callback for a message failed", extra={"subject": message.subject})


def frame(subscription: NATSSubscription) -> bytes:
    """Return the bytes that subscribe, with the number of messages that are still wanted."""
    subscribe = encode_subscribe(subscription.subject, subscription.queue, subscription.sid)
    if subscription.max_messages is None:
        return subscribe
    left = subscription.max_messages - subscription.received_messages
    return subscribe + encode_unsubscribe(subscription.sid, left)
