"""Listings that are kept: never shown when they are no longer true, whoever changed the mailbox."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.mail.listings import SETTLED_SECONDS, Listing
from tests.unit.mail_player import NAME, Player, key

LONG_AGO = 1_700_000_000
Change = Callable[[Player], object]


@pytest.fixture
def player(tmp_path: Path) -> Player:
    """A player with two mails, the second of them read, in folders that have not changed for long."""
    player = Player(tmp_path)
    player.deliver(1)
    player.deliver(2)
    player.mark(2)
    player.listing()
    settle(player)
    return player


def settle(player: Player, moment: float = LONG_AGO) -> None:
    """Let the latest change of both folders be at a moment."""
    for folder in ("new", "cur"):
        os.utime(player.folder / folder, (moment, moment))


def new(player: Player) -> Listing:
    return player.do(lambda opened: player.reader.list_new(opened, NAME))


def rename(player: Player) -> None:
    """Mark a mail as another program does it."""
    [file] = [file for file in player.files("cur") if file.endswith(":2,")]
    (player.folder / "cur" / file).rename(player.folder / "cur" / f"{file}F")


def put_foreign(player: Player) -> None:
    (player.folder / "new" / "1893546001.M1P2.host").write_bytes(b"Subject: hi\n\nbody\n")


def test_a_listing_is_kept_while_nothing_changes(player: Player) -> None:
    listing = player.listing()
    assert player.listing() is listing
    assert new(player) == Listing([], 2, [])
    assert [mail.entry.name.key for mail in listing.mails] == [key(1), key(2)]


@pytest.mark.parametrize("change", [
    lambda player: player.deliver(3), lambda player: player.mark(1), lambda player: player.delete(2), rename,
    put_foreign])
def test_every_change_is_seen(player: Player, change: Change) -> None:
    before = player.listing()
    change(player)
    after, fresh = player.listing(), Player(player.root).listing()
    assert after == fresh != before


@pytest.mark.parametrize("change", [lambda player: player.deliver(3), put_foreign])
def test_what_is_new_is_seen_beside_a_kept_listing(player: Player, change: Change) -> None:
    player.listing()
    change(player)
    listing = new(player)
    assert (len(listing.mails), listing.total) == (1, 3)


def test_another_folder_in_the_place_of_the_old_one_is_seen(player: Player) -> None:
    player.listing()
    cur = player.folder / "cur"
    cur.rename(player.folder / "old")
    cur.mkdir()
    settle(player)
    assert player.listing() == Listing([], 0, [])


def test_a_box_that_has_just_changed_is_read_again(player: Player) -> None:
    settle(player, time.time() - SETTLED_SECONDS + 5)
    assert player.listing() is not player.listing()


def test_mails_of_other_programs_are_read_again(player: Player) -> None:
    put_foreign(player)
    player.listing()
    settle(player)
    assert player.listing() is not player.listing()
