"""What a schema cannot say: rules over several places of a file, or over several files.

A rule gets the contents of the files that it names, each already sound by its schema, and yields where and why they do
not fit together. A new rule is one function and one line in RULES.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apps.config import economy_rules, progress_rules
from apps.config.problems import Problem

Finding = tuple[str, str]
"""JSON path in the first of the rule's files, and reason."""

Rule = Callable[..., Iterator[Finding]]

RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (progress_rules.worlds, ("world",)),
    (progress_rules.player_levels, ("player_experience",)),
    (progress_rules.vip_levels, ("vip_config",)),
    (progress_rules.families, ("family",)),
    (progress_rules.achievements, ("achievement",)),
    (progress_rules.weapon_costs, ("weapon_config",)),
    (progress_rules.new_player, ("new_player",)),
    (progress_rules.icons, ("player",)),
    (progress_rules.friend_gifts, ("player",)),
    (economy_rules.dark_market, ("player",)),
    (economy_rules.factories, ("factory",)),
    (economy_rules.wishing_pool, ("factory",)),
    (economy_rules.stages, ("stages",)),
    (economy_rules.enemies, ("level_enemy_layouts_config", "monster_config")),
)


def problems(contents: Mapping[str, Any], files: Mapping[str, str]) -> list[Problem]:
    """Return what breaks a rule. ``contents`` and ``files`` (paths) go by file name without ending.

    A rule whose files are not all there is left out; that they are there is not its question.
    """
    return [
        Problem(files[names[0]], path, reason)
        for rule, names in RULES
        if all(name in contents for name in names)
        for path, reason in rule(*(contents[name] for name in names))
    ]
