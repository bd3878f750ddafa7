"""The vocabulary of mini's world is closed, consistent and cannot be changed by accident."""

import pytest

from rushes.core.vocabulary import SLOTS, VALID_ACTIONS


def test_ids_are_unique_within_a_slot():
    for slot, ids in SLOTS.items():
        assert len(set(ids)) == len(ids) >= 2, slot


def test_every_subject_has_actions_from_the_action_slot():
    assert set(VALID_ACTIONS) == set(SLOTS["subject"])
    for subject, actions in VALID_ACTIONS.items():
        assert "stand" in actions
        assert set(actions) <= set(SLOTS["action"]), subject
    assert {action for actions in VALID_ACTIONS.values() for action in actions} == set(SLOTS["action"])


@pytest.mark.parametrize("table", [SLOTS, VALID_ACTIONS])
def test_the_tables_are_read_only(table):
    with pytest.raises(TypeError):
        table["subject"] = ()
