"""A mailbox on a real disk, without a service."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from apps.mail import box, delivery, mailbox
from apps.mail.box import Box
from apps.mail.checks import BoxName, Limits
from apps.mail.delivery import DeliveryRules, Outcome, Parcel
from apps.mail.listings import Listing, Listings
from apps.mail.message import Content
from apps.mail.reader import Reader

T = TypeVar("T")
NAME = BoxName("s1", "abcdefgh")
LIMITS = Limits(sender=64, subj=64, body=500, items=200)
RULES = DeliveryRules(size=5, domain="game.invalid", tombstone_seconds=100, tmp_seconds=1000)
MAIL = Content("1", "张三", "GIFT", "正文", "3:5:100")
NOW = 1_893_546_000.25


def key(number: int) -> str:
    return f"{number:016d}"


class Player:
    """One mailbox and its owner."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / NAME.world / NAME.uid
        self.reader = Reader(LIMITS, 100, Listings(10))
        box.create(str(root), NAME)

    def do(self, work: Callable[[Box], T]) -> T:
        with box.locked(str(self.root), NAME) as opened:
            return work(opened)

    def deliver(self, number: int, now: float = NOW, content: Content = MAIL) -> Outcome:
        parcel = Parcel(NAME, key(number), content)
        return self.do(lambda opened: delivery.deliver(opened, parcel, RULES, now=now))

    def listing(self) -> Listing:
        return self.do(lambda opened: self.reader.list_all(opened, NAME))

    def keys(self) -> list[str]:
        return [listed.entry.name.key for listed in self.listing().mails]

    def mark(self, *numbers: int) -> list[str]:
        return self.do(lambda opened: mailbox.mark_read(opened, [key(number) for number in numbers]))

    def delete(self, *numbers: int, now: float = NOW) -> list[str]:
        return self.do(lambda opened: mailbox.delete(opened, [key(number) for number in numbers], now))

    def files(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())
