"""One tree of errors; the exit codes are a promise to scripts."""

import pytest

from rushes.core import errors


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.RushesError, 1),
        (errors.UsageError, 2),
        (errors.RefusedError, 3),
        (errors.FlaggedError, 4),
        (errors.WeightsError, 1),
        (errors.GenerationError, 1),
        (errors.HubError, 1),
        (errors.StoreError, 1),
        (errors.LeaseLostError, 1),
        (errors.CancelledError, 130),
    ],
)
def test_exit_codes(error, exit_code):
    assert error.exit_code == exit_code
    assert issubclass(error, errors.RushesError)


def test_every_error_stands_in_the_drawn_tree():
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.RushesError):
            line = next(line for line in errors.__doc__.splitlines() if f" {name} " in f" {line} ")
            assert line.endswith(f"exit {value.exit_code}")


def test_a_usage_error_is_a_value_error():
    with pytest.raises(ValueError, match="seconds"):
        raise errors.UsageError("9 seconds is too long")
