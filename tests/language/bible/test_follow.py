"""A bible goes along with a newer version of its script."""

from rushes.language.bible.entry import Bible, Entry, EntryKind
from rushes.language.bible.follow import follow_names

REED = Entry("reed", EntryKind.CAST, "REED", description="a lanky young policeman")
MARA = Entry("mara", EntryKind.CAST, "MARA")


def test_who_is_renamed_keeps_what_was_written():
    followed = follow_names(Bible((REED, MARA)), {"REED": "BRANT"})
    assert [(entry.name, entry.description) for entry in followed.entries] == [
        ("BRANT", REED.description),
        ("MARA", ""),
    ]


def test_a_name_that_somebody_has_is_not_given_twice():
    assert follow_names(Bible((REED, MARA)), {"REED": "MARA"}) == Bible((REED, MARA))
