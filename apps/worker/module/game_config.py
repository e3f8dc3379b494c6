"""The getters of game data: the client shows what the server counts with."""

from typing import Unpack

from apps.worker.module.common import FreeTools, Function, Reply, ok


def get_config_version(**kwargs: Unpack[FreeTools]) -> Reply:
    """Return the version of the client's data."""
    return ok({"version": kwargs["config"]["version"]["client"]})


def _getter(name: str, file: str, key: str | None) -> Function:
    """Return a function ``name`` that answers with a file; as the data itself where ``key`` is None."""
    def getter(**kwargs: Unpack[FreeTools]) -> Reply:
        content = kwargs["config"][file]
        return ok(content if key is None else {key: content})

    getter.__name__ = name
    getter.__doc__ = f"Return the game data {file}.json."
    return getter


GETTERS: tuple[Function, ...] = (
    get_config_version,
    _getter("get_config_notice", "notice", "config"),
    _getter("get_config_weapon", "weapon_config", None),
    _getter("get_config_role", "roles", None),
    _getter("get_config_skill", "skills", "config"),
    _getter("get_config_science", "sciences", "config"),
    _getter("get_config_factory", "factory", None),
    _getter("get_config_stage", "stages", None),
    _getter("get_config_exchange", "package", "config"),
    _getter("get_config_mall", "mall", "mall_config"),
    _getter("get_config_family", "family", "config"),
    _getter("get_config_vip", "vip_config", "config"),
    _getter("get_config_check_in", "check_in", "config"),
    _getter("get_task_config", "task", "config"),
    _getter("get_config_task", "task", "task_config"),
    _getter("get_achievement_config", "achievement", "config"),
    _getter("get_config_achievement", "achievement", "achievement_config"),
)
