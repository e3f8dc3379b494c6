"""Which player an account has in a world. That never changes once the player exists, so it is remembered."""

from collections import OrderedDict

from common.mysql import Database, Statements


class NoPlayerError(Exception):
    """The account has no player in this world."""


class Players:
    """Finds players by account and the world that the client names (not the one that it was merged into)."""

    def __init__(self, database: Database, size: int) -> None:
        """Remembers ``size`` players."""
        self._database = database
        self._size = size
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def uid(self, account: str, origin: str) -> str:
        """Return the player's uid. Raises NoPlayerError."""
        key = (account, origin)
        uid = self._known.get(key)
        if uid is None:
            uid = self._database.read(lambda db: find(db, account, origin))
            if uid is None:
                raise NoPlayerError
            self._remember(key, uid)
        else:
            self._known.move_to_end(key)
        return uid

    def _remember(self, key: tuple[str, str], uid: str) -> None:
        self._known[key] = uid
        while len(self._known) > self._size:
            self._known.popitem(last=False)


def find(db: Statements, account: str, origin: str) -> str | None:
    """Return the uid of the account's player in a world, or None."""
    uid: str | None = db.value("SELECT uid FROM player WHERE account = %s AND origin = %s", account, origin)
    return uid
