"""Who may do what to whom in a family, by their roles. Pure."""

from apps.worker.module.enums import FamilyRole

GIVEN_BY_OWNER = (FamilyRole.BASIC, FamilyRole.ELITE, FamilyRole.ADMIN)
GIVEN_BY_ADMIN = (FamilyRole.BASIC, FamilyRole.ELITE)


def may_remove(mine: int, theirs: int) -> bool:
    """Whether somebody of one role may remove another member."""
    return mine == FamilyRole.OWNER or (mine == FamilyRole.ADMIN and theirs < FamilyRole.ADMIN)


def may_set_role(mine: int, theirs: int, role: int) -> bool:
    """Whether somebody of one role may move another member from a role to another: never from or to owner."""
    given = {FamilyRole.OWNER: GIVEN_BY_OWNER, FamilyRole.ADMIN: GIVEN_BY_ADMIN}.get(FamilyRole(mine), ())
    return theirs in given and role in given
