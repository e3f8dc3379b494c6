"""The key of the tokens is rotated by the documented commands, again and again, and no player is logged out."""

from itertools import pairwise
from pathlib import Path

import pytest

from apps.auth.keyring import Keyring
from tests.manifests.support.documented import Operator, commands, section
from tests.manifests.support.rendering import OUTSIDE, make_secrets

MANUAL = "docs/operations.md"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    operator.stand_in("kubectl")
    make_secrets(operator.tree, "production", *OUTSIDE)
    return operator


def key_file(operator: Operator) -> Path:
    return operator.tree / "overlays" / "production" / "secrets" / "jwt-key"


def test_it_can_be_played_again_and_again(operator: Operator) -> None:
    steps = [block for block in commands(section(MANUAL, "The key of the tokens")) if "rotate_jwt_key" in block]
    assert len(steps) == 3
    signing = []
    for _ in range(3):
        rings = [Keyring.parse(key_file(operator).read_text())]
        for step in steps:
            operator.play(step)
            rings.append(Keyring.parse(key_file(operator).read_text()))
        assert_nobody_is_refused(rings)
        signing.append(rings[-1].signing_id)
    assert signing == ["k2", "k3", "k4"]
    assert sum("apply -k kustomize/overlays/production" in call for call in operator.calls) == 9


def assert_nobody_is_refused(rings: list[Keyring]) -> None:
    """While pods of two states run side by side, each validates what the other signs; only the last step ends a key."""
    for before, after in pairwise(rings[:-1]):
        assert after.get(before.signing_id) == before.signing_key
        assert before.get(after.signing_id) == after.signing_key
    assert rings[-1].signing_key == rings[-2].signing_key


def test_a_step_that_is_done_twice_does_no_harm(operator: Operator) -> None:
    for step, count in (("add", 2), ("sign", 2), ("drop", 1)):
        for _ in range(2):
            operator.play(f".venv/bin/python kustomize/rotate_jwt_key.py production {step}")
        assert len(key_file(operator).read_text().split()) == count


def test_the_old_key_is_not_dropped_before_the_new_one_signs(operator: Operator) -> None:
    operator.play(".venv/bin/python kustomize/rotate_jwt_key.py production add")
    with pytest.raises(AssertionError, match="does not sign yet"):
        operator.play(".venv/bin/python kustomize/rotate_jwt_key.py production drop")
