"""What the service's error codes mean here: whose fault, whether waiting can help, and what a person does.

Codes by <https://help.aliyun.com/zh/model-studio/error-code> and
<https://help.aliyun.com/zh/dashscope/response-status-codes>. A code also stands for all that begin with it
and a dot: ``InternalError`` for ``InternalError.Algo``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rushes.core.errors import (
    HostedBusyError,
    HostedError,
    LimitError,
    RefusedError,
    RushesError,
    UsageError,
)

CODES: Mapping[str, tuple[type[RushesError], str]] = MappingProxyType(
    {
        "InvalidApiKey": (UsageError, "check DASHSCOPE_API_KEY, and that DASHSCOPE_REGION is the key's own"),
        "InvalidParameter": (UsageError, "change what is named"),
        "InvalidURL": (UsageError, "check DASHSCOPE_HTTP_BASE_URL"),
        "BadRequest": (UsageError, "change what is named"),
        "UnsupportedOperation": (UsageError, "the service does not do this"),
        "AccessDenied": (UsageError, "ask for access to the model in the service's console"),
        "AccessDenied.Unpurchased": (LimitError, "activate the model in the service's console"),
        "CommodityNotPurchased": (LimitError, "activate the model in the service's console"),
        "Model.AccessDenied": (UsageError, "give the key's workspace access to the model"),
        "Workspace.AccessDenied": (UsageError, "use a key of a workspace that may do this"),
        "WorkSpaceNotFound": (UsageError, "use a key of a workspace that is there"),
        "ModelNotFound": (UsageError, "the model is not in this region: set DASHSCOPE_REGION"),
        "Model.NotExist": (UsageError, "the model is not in this region: set DASHSCOPE_REGION"),
        "NotFound": (UsageError, "the model is not in this region: set DASHSCOPE_REGION"),
        "DataInspectionFailed": (RefusedError, "say it in other words"),
        "DataInspection": (RefusedError, "say it in other words"),
        "IPInfringementSuspect": (RefusedError, "leave out what belongs to somebody else"),
        "FaqRuleBlocked": (RefusedError, "say it in other words"),
        "CustomRoleBlocked": (RefusedError, "say it in other words"),
        "Arrearage": (LimitError, "pay what the account owes, then queue the take again"),
        "PrepaidBillOverdue": (LimitError, "pay what the account owes, then queue the take again"),
        "PostpaidBillOverdue": (LimitError, "pay what the account owes, then queue the take again"),
        "AllocationQuota": (LimitError, "raise the quota in the service's console"),
        "insufficient_quota": (LimitError, "raise the quota in the service's console"),
        "Throttling.AllocationQuota": (LimitError, "raise the quota in the service's console, or wait"),
        "Throttling": (HostedBusyError, "it is tried again"),
        "LimitRequests": (HostedBusyError, "it is tried again"),
        "limit_requests": (HostedBusyError, "it is tried again"),
        "ServiceUnavailable": (HostedBusyError, "it is tried again"),
        "ModelUnavailable": (HostedBusyError, "it is tried again"),
        "ModelServingError": (HostedBusyError, "it is tried again"),
        "InternalError": (HostedError, "it is tried again"),
        "InternalServerError": (HostedError, "it is tried again"),
        "SystemError": (HostedError, "it is tried again"),
        "ModelServiceFailed": (HostedError, "it is tried again"),
        "InvokePluginFailed": (HostedError, "it is tried again"),
        "RequestTimeOut": (HostedError, "it is tried again"),
        "Timeout": (HostedError, "it is tried again"),
        "ResponseTimeout": (HostedError, "it is tried again"),
    }
)


class ThrottledError(HostedBusyError):
    """The service takes no more at the moment.

    ``wait_s``: how long it asks to wait, None where it does not say; ``in_the_end``: what it means when
    waiting did not help.
    """

    def __init__(self, in_the_end: RushesError, wait_s: float | None = None) -> None:
        super().__init__(str(in_the_end))
        self.in_the_end, self.wait_s = in_the_end, wait_s


class UnreachableError(HostedBusyError):
    """Nobody was there: what was to be sent certainly did not arrive."""


class UnansweredError(HostedBusyError):
    """No usable answer came: what was sent may have arrived."""


class LinkExpiredError(HostedError):
    """The link to a finished clip opens nothing any more."""


def failure(code: str, message: str, status: int = 0, wait_s: float | None = None) -> RushesError:
    """The error for a code of the service; ``status`` of HTTP decides for codes nobody knows, 0 for none."""
    said = f"the service answered {code or status}: {' '.join(message.split())[:300] or 'no more words'}"
    kind, remedy = _meaning(code) or _by_status(status)
    error = kind(f"{said}; {remedy}")
    return ThrottledError(error, wait_s) if status == 429 else error


def _meaning(code: str) -> tuple[type[RushesError], str] | None:
    """By the longest beginning of the code that is known."""
    parts = code.split(".")
    for count in range(len(parts), 0, -1):
        found = CODES.get(".".join(parts[:count]))
        if found is not None:
            return found
    return None


def _by_status(status: int) -> tuple[type[RushesError], str]:
    if status in (429, 502, 503, 504):
        return HostedBusyError, "it is tried again"
    if 400 <= status < 500 and status != 408:
        return UsageError, "change what is named"
    return HostedError, "it is tried again"
