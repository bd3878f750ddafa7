"""A model in somebody else's layout, asked for by its folder."""

from tests.models.test_foreign import Parts, write_diffusers

from rushes.models import bundle


def test_its_files_are_opened_once(rushes, tmp_path, monkeypatch):
    """For the plan, the forecast and the load, which a budget of nothing keeps from beginning."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    write_diffusers(folder, Parts())
    opened = []
    open_files = bundle.foreign_files
    monkeypatch.setattr(bundle, "foreign_files", lambda path: opened.append(path) or open_files(path))
    code, _, err = rushes("shoot", "a red fox", "--model", folder, "--memory-budget", "1MB")
    assert code == 2
    assert "memory budget 1 MB is too small" in err
    assert opened == [folder]
