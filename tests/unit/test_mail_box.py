"""One mailbox on a real disk: delivery, listing, flags, deletion, and what must not happen."""

import mailbox as stdlib
import os
from pathlib import Path

import pytest

from apps.mail import box, mailbox
from apps.mail.box import BoxBusyError
from apps.mail.checks import BoxName
from apps.mail.delivery import Outcome
from apps.mail.listings import Listing
from apps.mail.reader import FILE_LIMIT
from tests.unit.mail_player import MAIL, NAME, NOW, Player, key


@pytest.fixture
def player(tmp_path: Path) -> Player:
    return Player(tmp_path)


def test_a_mail_is_stored_once(player: Player) -> None:
    assert player.deliver(1) is Outcome.STORED
    assert player.deliver(1) is Outcome.REPEATED
    assert player.files("new") == [f"1893546000.{key(1)}M250000.mail"]
    assert player.files("tmp") == []
    [listed] = player.listing().mails
    assert listed.mail == (1893546000250000, "2030-01-02 09:00:00", MAIL)
    assert player.deliver(1) is Outcome.REPEATED
    player.mark(1)
    assert player.deliver(1) is Outcome.REPEATED
    player.delete(1)
    assert player.deliver(1) is Outcome.REPEATED
    assert player.keys() == []


def test_a_tombstone_is_empty_and_forgotten_in_time(player: Player) -> None:
    player.deliver(1)
    player.delete(1)
    [grave] = player.files("tombstones")
    assert (player.folder / "tombstones" / grave).stat().st_size == 0
    assert player.deliver(1, NOW + 99) is Outcome.REPEATED
    assert player.deliver(1, NOW + 101) is Outcome.STORED
    assert player.files("tombstones") == []


def test_a_full_box(player: Player) -> None:
    assert [player.deliver(number) for number in range(6)] == [Outcome.STORED] * 5 + [Outcome.FULL]
    assert player.deliver(3) is Outcome.REPEATED
    player.delete(3)
    assert player.deliver(5) is Outcome.STORED
    assert len(player.files("new")) == 5


def test_the_newest_is_last_and_ties_are_stable(player: Player) -> None:
    for number, moment in [(5, 0.0), (1, 0.5), (4, 0.000001), (3, 1.0), (2, 1.0)]:
        player.deliver(number, NOW + moment)
    player.mark(4)
    assert player.keys() == [key(number) for number in (5, 4, 1, 2, 3)]
    assert Player(player.root).keys() == player.keys()


def test_listing_moves_and_does_not_mark(player: Player) -> None:
    player.deliver(1)
    player.listing()
    assert player.files("new") == []
    assert player.files("cur") == [f"1893546000.{key(1)}M250000.mail:2,"]
    assert player.mark(1, 2) == [key(1)]
    assert player.mark(1) == [key(1)]
    assert player.files("cur") == [f"1893546000.{key(1)}M250000.mail:2,S"]


def test_marking_keeps_other_flags(player: Player) -> None:
    player.deliver(1)
    player.listing()
    [old] = (player.folder / "cur").iterdir()
    old.rename(str(old) + "FT")
    player.mark(1)
    assert player.files("cur")[0].endswith(":2,FST")


def test_other_programs_read_the_box(player: Player) -> None:
    player.deliver(1, content=MAIL._replace(subj="💎" * 30))
    player.deliver(2, NOW + 1)
    player.mark(2)
    theirs = stdlib.Maildir(player.folder, create=False)
    assert {message.get_flags(): message.get_subdir() for message in theirs} == {"": "new", "S": "cur"}
    assert {message.get_payload(decode=True) for message in theirs} == {"正文".encode()}
    name, changed = next((name, message) for name, message in theirs.iteritems() if "S" not in message.get_flags())
    changed.set_subdir("cur")
    changed.add_flag("S")
    theirs[name] = changed
    assert all(listed.entry.name.seen for listed in player.listing().mails)


def test_deleting_what_was_read(player: Player) -> None:
    for number in range(4):
        player.deliver(number, NOW + number)
    player.mark(0, 1, 2)
    gone = player.do(lambda opened: mailbox.delete_read(opened, {key(1)}, NOW))
    assert sorted(gone) == [key(0), key(2)]
    assert player.keys() == [key(1), key(3)]


def test_foreign_files_break_nothing(player: Player) -> None:
    player.deliver(1)
    new, cur = player.folder / "new", player.folder / "cur"
    (new / "1893546001.M1P2.host").write_bytes(
        b"From: Ada <a@b>\nSubject: hi\nDate: Wed, 02 Jan 2030 09:00:03 +0800\n\nbody\n")
    (cur / f"1893546002.{key(9)}M000000.mail:2,S").write_bytes(b"From: cut of")
    (cur / "binary").write_bytes(os.urandom(2000))
    (cur / "empty").touch()
    (cur / "huge").write_bytes(b"Subject: x\n\n" + b"x" * FILE_LIMIT)
    (new / ("n" * 254)).write_bytes(b"Subject: long name\nDate: Wed, 02 Jan 2030 09:00:02 +0800\n\n")
    (cur / os.fsdecode(b"\xff\n\xfe")).write_bytes(b"\xff")
    (cur / "link").symlink_to("/etc/passwd")
    (cur / "folder").mkdir()
    (cur / ".hidden").touch()
    os.mkfifo(new / "fifo")
    listing = player.listing()
    assert [listed.mail.content.subj for listed in listing.mails if listed.mail.content.subj] == [
        "GIFT", "long name", "hi"]
    assert listing.total == 10
    assert {"binary", "empty", "huge", "link", "fifo:2,"} <= set(listing.unreadable)
    everything = [entry.name.key for entry in player.do(mailbox.scan)]
    assert len(set(everything)) == 10
    assert sorted(player.do(lambda opened: mailbox.delete(opened, everything, NOW))) == sorted(everything)
    assert player.listing() == Listing([], 0, [])
    assert Path("/etc/passwd").stat().st_size > 0


def test_a_foreign_mail_is_marked_and_deleted_by_its_key(player: Player) -> None:
    (player.folder / "new" / "1.M1P2.host").write_bytes(b"Subject: hi\n\nbody\n")
    [foreign_key] = player.keys()
    assert player.do(lambda opened: mailbox.mark_read(opened, [foreign_key])) == [foreign_key]
    assert player.files("cur") == ["1.M1P2.host:2,S"]
    assert player.keys() == [foreign_key]


def test_stale_deliveries_are_removed(player: Player) -> None:
    for name, age in (("old", 2000), ("young", 500)):
        (player.folder / "tmp" / name).touch()
        os.utime(player.folder / "tmp" / name, (NOW - age, NOW - age))
    (player.folder / "tmp" / "folder").mkdir()
    player.deliver(1)
    assert player.files("tmp") == ["folder", "young"]


def test_a_box_has_one_worker_at_a_time(player: Player) -> None:
    with box.locked(str(player.root), NAME), pytest.raises(BoxBusyError):
        player.listing()
    assert player.keys() == []


@pytest.mark.parametrize("place", ["s1", "s1/abcdefgh", "s1/abcdefgh/new", "s1/abcdefgh/cur", "s1/abcdefgh/tmp",
                                   "s1/abcdefgh/lock"])
def test_links_are_not_followed(tmp_path: Path, place: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    root.mkdir()
    player = Player(root)
    target = root / place
    target.rename(outside / "real")
    target.symlink_to(outside / "real")
    before = sorted(outside.rglob("*"))
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        player.deliver(1)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        Player(root).deliver(1)
    assert sorted(outside.rglob("*")) == before


def test_a_box_is_created_by_many_at_once(tmp_path: Path) -> None:
    for _ in range(2):
        box.create(str(tmp_path), NAME)
        box.create(str(tmp_path), BoxName("s1", "ijklmnop"))
    assert sorted(path.name for path in (tmp_path / "s1" / "abcdefgh").iterdir()) == [
        "cur", "lock", "new", "tmp", "tombstones"]
    assert box.exists(str(tmp_path), NAME)
    assert not box.exists(str(tmp_path), BoxName("s1", "nobody00"))


def test_no_descriptor_is_left(player: Player) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for number in range(8):
        player.deliver(number)
        player.listing()
        player.delete(number - 3)
    with box.locked(str(player.root), NAME), pytest.raises(BoxBusyError):
        player.listing()
    assert descriptors() == before
