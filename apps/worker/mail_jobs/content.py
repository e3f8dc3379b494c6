"""What the mails of a job say and bring: checked before anything is stored (pure)."""

from dataclasses import dataclass
from typing import Any

from apps.worker.module.enums import MailTemplate, MailType
from apps.worker.operators import RefusedError, is_unicode, require_line
from apps.worker.rules import gifts, items, letters

LONGEST_SENDER, LONGEST_TITLE, LONGEST_BODY, LONGEST_ITEMS = 64, 64, 500, 2000
"""Characters, as the mail service takes them by default."""


@dataclass(frozen=True)
class Content:
    """A text, or a gift when it has ``items`` (item strings ``gid:iid:qty``)."""

    sender: str
    title: str
    body: str
    items: tuple[str, ...] = ()

    def letter(self) -> letters.Letter:
        """Return the mail that each player gets."""
        if not self.items:
            return letters.Letter(MailType.SIMPLE, self.sender, self.title, self.body)
        return gifts.letter(items.parse_all(self.items), sender=self.sender, subject=self.title, body=self.body)

    def claim(self) -> dict[str, Any] | None:
        """Return what each player can redeem, None where it is a text."""
        return gifts.payload(items.parse_all(self.items)) if self.items else None


def checked(*, sender: str, title: str, body: str, item_list: str) -> Content:
    """Return the content of a job. A gift without a body has the game's own text. Raises RefusedError."""
    gift = _items(item_list)
    if gift and not body:
        body = MailTemplate.GIFT_1.name
    require_line("sender", sender, LONGEST_SENDER)
    require_line("title", title, LONGEST_TITLE)
    if not body.strip():
        raise RefusedError("the body is empty")
    if not letters.is_body(body, LONGEST_BODY) or not is_unicode(body):
        raise RefusedError(f"the body is not a text of at most {LONGEST_BODY} characters without control characters")
    return Content(sender, title, body, gift)


def _items(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    if len(text) > LONGEST_ITEMS:
        raise RefusedError(f"the items are longer than {LONGEST_ITEMS} characters")
    try:
        return tuple(str(amount) for amount in items.parse_all(text.split(",")))
    except items.ItemError as error:
        raise RefusedError(f"items: {error}") from None
