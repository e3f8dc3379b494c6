"""The function list: which functions a client can call, who may call each, and what it needs.

``reads`` only look, ``writes`` change something in one transaction, ``free`` functions need no database or begin their
transactions themselves. A scope says what has to be known of the caller before the function runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from apps.worker.fields import Field, fields_of
from apps.worker.module import account, binding, chat, debug, element, game_config, mail, player
from apps.worker.module.common import Function


class Scope(Enum):
    """Whom a function works for."""

    NOBODY = "nobody"
    """No token: what leads to one."""
    ACCOUNT = "account"
    """An account; no world."""
    WORLD = "world"
    """An account in a world where it may have no player yet."""
    PLAYER = "player"
    """The account's player in a world."""


class Access(Enum):
    """What a function does with the database."""

    READ = "read"
    WRITE = "write"
    FREE = "free"


@dataclass(frozen=True)
class Entry:
    """One line of the function list."""

    name: str
    call: Function
    scope: Scope
    access: Access
    fields: list[Field]
    takes_uid: bool


def reads(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that only look."""
    return _entries(scope, Access.READ, functions)


def writes(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that change something, in one transaction."""
    return _entries(scope, Access.WRITE, functions)


def free(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that need no database, or begin their transactions themselves."""
    return _entries(scope, Access.FREE, functions)


def function_list(*, debug: bool) -> Mapping[str, Entry]:
    """Return all functions by the name that clients use; with ``debug`` also those that give anything to anyone."""
    listed = {
        **free(Scope.NOBODY, account.register, account.login_unique, account.login),
        **reads(Scope.ACCOUNT, account.account_all_info),
        **writes(Scope.ACCOUNT, account.bind_account),
        **writes(Scope.ACCOUNT, binding.bind_email, binding.unbind_email, binding.verify_email_code),
        **writes(Scope.PLAYER, binding.bind_phone, binding.unbind_phone),
        **writes(Scope.ACCOUNT, binding.verify_phone_code),
        **free(Scope.ACCOUNT, account.create_account, account.change_game_name),
        **free(Scope.ACCOUNT, account.get_player_config),

        **reads(Scope.ACCOUNT, player.get_account_world_info),
        **reads(Scope.WORLD, player.enter_world),
        **writes(Scope.WORLD, player.create_player),
        **writes(Scope.PLAYER, player.change_player_name, player.player_set_intro, player.player_set_icon),
        **reads(Scope.PLAYER, player.get_info_player, player.get_all_resource),
        **writes(Scope.PLAYER, player.accept_gifts),
        **reads(Scope.PLAYER, element.player_element_all),
        **writes(Scope.PLAYER, element.player_element_lv, element.player_element_reset),
        **free(Scope.ACCOUNT, player.get_config_player),
        **free(Scope.PLAYER, player.update_init),

        **reads(Scope.PLAYER, mail.get_all_mail, mail.get_new_mail, mail.mark_read_mail),
        **writes(Scope.PLAYER, mail.delete_mail, mail.delete_read_mail, mail.send_mail),
        **free(Scope.ACCOUNT, mail.send_merchandise),

        **reads(Scope.PLAYER, chat.get_login_token_chat),

        **game_config_functions(),
    }
    return listed | debug_functions() if debug else listed


def debug_functions() -> dict[str, Entry]:
    """Functions for developers; unknown to a production server."""
    return writes(Scope.PLAYER, debug.add_resources, debug.send_gift_mail, debug.send_text_mail)


def game_config_functions() -> dict[str, Entry]:
    """The getters of game data."""
    return free(Scope.ACCOUNT, *game_config.GETTERS)


def _entries(scope: Scope, access: Access, functions: tuple[Function, ...]) -> dict[str, Entry]:
    return {
        function.__name__: Entry(function.__name__, function, scope, access, fields_of(function),
                                 "uid" in function.__annotations__)
        for function in functions
    }
