"""Every code of the service, sizes and prices, and where a key may go."""

import pytest

from rushes.core.errors import HostedBusyError, HostedError, LimitError, RefusedError, UsageError
from rushes.hosted.account import Account
from rushes.hosted.failures import CODES, ThrottledError, failure
from rushes.hosted.models import MODELS, PRICES
from rushes.studio.jobs.classify import classify
from rushes.studio.jobs.job import Failure

CLASSES = {
    UsageError: Failure.USER,
    RefusedError: Failure.REFUSED,
    LimitError: Failure.BUDGET,
    HostedError: Failure.TRANSIENT,
    HostedBusyError: Failure.HOST,
}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_class_and_a_remedy(code):
    kind, remedy = CODES[code]
    error = failure(code, "as it says")
    assert (type(error), classify(error)) == (kind, CLASSES[kind])
    assert code in str(error)
    assert str(error).endswith(remedy)
    assert type(failure(f"{code}.New", "as it says")) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(400, UsageError), (418, UsageError), (408, HostedError), (500, HostedError),
                         (503, HostedBusyError), (0, HostedError)],
)  # fmt: skip
def test_codes_nobody_knows_go_by_their_status(status, kind):
    assert type(failure("Strange", "", status)) is kind


def test_too_many_requests_are_waited_out_whatever_they_are_called():
    error = failure("Throttling.AllocationQuota", "full", 429, 3.0)
    assert isinstance(error, ThrottledError)
    assert (error.wait_s, type(error.in_the_end)) == (3.0, LimitError)


def test_every_price_is_of_a_model_and_tier_there_is_and_says_where_it_stands():
    models = {model.remote_name: model for model in MODELS.values()}
    for (name, _region, tier), price in PRICES.items():
        assert tier in models[name].sizes
        assert price.source.startswith("https://")
        assert price.a_second > 0


@pytest.mark.parametrize(
    ("base", "is_safe"),
    [
        ("https://dashscope.aliyuncs.com/api/v1", True),
        ("http://127.0.0.1:8000/api/v1", True),
        ("http://localhost/api/v1", True),
        ("http://dashscope.aliyuncs.com/api/v1", False),
        ("http://127.0.0.1.evil.example/api/v1", False),
        ("ftp://x", False),
    ],
)
def test_a_key_never_travels_readable(base, is_safe):
    if is_safe:
        assert "secret" not in repr(Account("secret", "beijing", base))
    else:
        with pytest.raises(UsageError, match="https"):
            Account("secret", "beijing", base)
