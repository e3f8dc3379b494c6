"""The function list: which functions a client can call, who may call each, and what it needs.

``reads`` only look, and a repeat looks again. ``writes`` change something in one transaction. ``acts`` do something in
another service, or begin their transactions themselves; under a request id each happens once, like a write. ``free``
functions need no database. A scope says what has to be known of the caller before the function runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from apps.worker.fields import Field, fields_of
from apps.worker.module import (
    account,
    achievement,
    binding,
    chat,
    check_in,
    debug,
    element,
    family,
    family_admin,
    family_joining,
    family_profile,
    family_store,
    friend,
    friend_gift,
    game_config,
    mail,
    player,
    task,
    vip,
)
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
    """What a function does, and so what a repeat of its request gets."""

    READ = "read"
    WRITE = "write"
    ACT = "act"
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
    family_first: bool = False
    """Whether it locks the player's family; that lock then comes before the player's own."""
    secret: bool = False
    """Whether its answer lets somebody in, so that it is stored sealed."""


def reads(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that only look."""
    return _entries(scope, Access.READ, functions)


def writes(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that change something, in one transaction."""
    return _entries(scope, Access.WRITE, functions)


def acts(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that do something outside of the transaction of a request."""
    return _entries(scope, Access.ACT, functions)


def free(scope: Scope, *functions: Function) -> dict[str, Entry]:
    """List functions that need no database."""
    return _entries(scope, Access.FREE, functions)


def families_first(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Say of functions that they lock the player's family, see ``apps.worker.rules.families``."""
    return {name: replace(entry, family_first=True) for name, entry in entries.items()}


def secret(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Say of functions that their answers let somebody in."""
    return {name: replace(entry, secret=True) for name, entry in entries.items()}


def function_list(*, debug: bool) -> Mapping[str, Entry]:
    """Return all functions by the name that clients use; with ``debug`` also those that give anything to anyone."""
    listed = {
        **secret(acts(Scope.NOBODY, account.register, account.login_unique, account.login)),
        **reads(Scope.ACCOUNT, account.account_all_info),
        **writes(Scope.ACCOUNT, account.bind_account),
        **writes(Scope.ACCOUNT, binding.bind_email, binding.unbind_email, binding.verify_email_code),
        **writes(Scope.PLAYER, binding.bind_phone, binding.unbind_phone),
        **writes(Scope.ACCOUNT, binding.verify_phone_code),
        **free(Scope.ACCOUNT, account.create_account, account.change_game_name),
        **free(Scope.ACCOUNT, account.get_player_config),

        **reads(Scope.ACCOUNT, player.get_account_world_info),
        **secret(acts(Scope.WORLD, player.enter_world)),
        **writes(Scope.WORLD, player.create_player),
        **writes(Scope.PLAYER, player.change_player_name, player.player_set_intro, player.player_set_icon),
        **reads(Scope.PLAYER, player.get_info_player, player.get_all_resource),
        **writes(Scope.PLAYER, player.accept_gifts),
        **reads(Scope.PLAYER, element.player_element_all),
        **writes(Scope.PLAYER, element.player_element_lv, element.player_element_reset),
        **free(Scope.ACCOUNT, player.get_config_player),
        **free(Scope.PLAYER, player.update_init),

        **reads(Scope.PLAYER, mail.get_all_mail),
        **acts(Scope.PLAYER, mail.get_new_mail, mail.mark_read_mail),
        **writes(Scope.PLAYER, mail.delete_mail, mail.delete_read_mail, mail.send_mail),
        **free(Scope.ACCOUNT, mail.send_merchandise),

        **reads(Scope.PLAYER, friend.get_all_friend, friend.find_person),
        **writes(Scope.PLAYER, friend.request_friend, friend.respond_friend, friend.remove_friend),
        **writes(Scope.PLAYER, friend.send_gift_friend, friend.send_gift_all, friend.get_gifts_friend,
                 friend_gift.give_friend),

        **writes(Scope.PLAYER, family.create_family, family_joining.invite_user_family,
                 family_joining.request_join_family, family_store.market_purchase_family),
        **reads(Scope.PLAYER, family.search_family, family.get_random_family),
        **families_first(reads(Scope.PLAYER, family.get_all_family)),
        **families_first(writes(
            Scope.PLAYER, family.leave_family, family_joining.respond_family,
            family_profile.set_notice_family, family_profile.set_blackboard_family, family_profile.set_icon_family,
            family_profile.change_name_family,
            family_admin.remove_user_family, family_admin.set_role_family, family_admin.abdicate_family,
            family_admin.disband_family, family_admin.cancel_disband_family,
            family_store.welfare_purchase_family, family_store.check_in_family)),
        **free(Scope.ACCOUNT, family_store.get_store_family),

        **secret(acts(Scope.PLAYER, chat.get_login_token_chat)),

        **writes(Scope.PLAYER, task.get_all_task, task.get_task_reward),
        **writes(Scope.PLAYER, achievement.get_all_achievement, achievement.get_achievement_reward,
                 achievement.activate_achievement),
        **reads(Scope.PLAYER, check_in.check_in_all),
        **writes(Scope.PLAYER, check_in.check_in_sign, check_in.check_in_supplement),
        **reads(Scope.PLAYER, vip.get_info_vip),
        **writes(Scope.PLAYER, vip.get_vip_daily_reward, vip.purchase_vip_gift),
        **free(Scope.PLAYER, vip.purchase_vip_card),

        **game_config_functions(),
    }
    return listed | debug_functions() if debug else listed


def debug_functions() -> dict[str, Entry]:
    """Functions for developers; unknown to a production server."""
    return writes(Scope.PLAYER, debug.add_resources, debug.add_exp, debug.send_gift_mail, debug.send_text_mail,
                  debug.purchase_vip_card, debug.mute_chat_player, debug.mute_chat_public, debug.announce_chat)


def game_config_functions() -> dict[str, Entry]:
    """The getters of game data."""
    return free(Scope.ACCOUNT, *game_config.GETTERS)


def _entries(scope: Scope, access: Access, functions: tuple[Function, ...]) -> dict[str, Entry]:
    return {
        function.__name__: Entry(function.__name__, function, scope, access, fields_of(function),
                                 "uid" in function.__annotations__)
        for function in functions
    }
