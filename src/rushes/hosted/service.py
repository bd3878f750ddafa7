"""The service's interface over HTTP: submit, look, cancel, list, download. One call each, without patience.

Fields by <https://www.alibabacloud.com/help/en/model-studio/text-to-video-api-reference> and
<https://www.alibabacloud.com/help/en/model-studio/manage-asynchronous-tasks>.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from rushes.core.errors import HostedError
from rushes.hosted.account import Account
from rushes.hosted.failures import LinkExpiredError, UnansweredError, UnreachableError, failure
from rushes.hosted.wish import Wish

SUBMIT = "/services/aigc/video-generation/video-synthesis"
# A clip of 5 s has a few megabytes; more than this is no clip.
MOST_BYTES = 2 * 2**30
CHUNK = 256 * 1024
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_PAGE = 100
_UNSURE = ("InternalError.Timeout", "RequestTimeOut", "ResponseTimeout", "Timeout")
_EXPIRED = (401, 403, 404, 410)


@dataclass(frozen=True)
class Task:
    """A task as the service tells of it. Times are as it writes them; empty where it says nothing."""

    id: str
    status: str
    video_url: str = ""
    code: str = ""
    message: str = ""
    prompt: str = ""
    submit_time: str = ""


class Service:
    """One account at one service; ``timeout_s`` is the longest silence of a connection."""

    def __init__(self, account: Account, timeout_s: float = 30.0) -> None:
        self._account = account
        self._client = httpx.Client(timeout=timeout_s, limits=httpx.Limits(max_keepalive_connections=0))

    @property
    def base(self) -> str:
        """Where it is: tasks are known there and nowhere else."""
        return self._account.base

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def submit(self, wish: Wish) -> str:
        """Order a clip, which is what costs money; the task's id.

        Raises UnansweredError where nobody can say whether the order arrived; any other error means that
        it was not taken.
        """
        answer = self._ask("POST", SUBMIT, wish.body(), {"X-DashScope-Async": "enable"})
        return _task(answer).id

    def look(self, task_id: str) -> Task:
        """A task as it is now."""
        return _task(self._ask("GET", f"/tasks/{task_id}"))

    def cancel(self, task_id: str, timeout_s: float) -> None:
        """Cancel a task that has not begun; raises an error for any other."""
        self._ask("POST", f"/tasks/{task_id}/cancel", timeout_s=timeout_s)

    def newest(self) -> list[str]:
        """Ids of the account's tasks of the last 24 h; raises UnansweredError where they may not be all."""
        query = {"page_no": "1", "page_size": str(_PAGE)}
        found = self._ask("GET", "/tasks", query=query).get("data")
        rows: list[Any] = found if isinstance(found, list) else [None]
        if not all(isinstance(row, dict) and "task_id" in row for row in rows):
            raise UnansweredError("the service listed its tasks in a form that is not known here")
        if len(rows) >= _PAGE:
            raise UnansweredError("the service has more tasks than can be looked through")
        return [str(row["task_id"]) for row in rows]

    def download(self, task: Task, target: Path) -> Iterator[int]:
        """Write the clip to ``target``, whole and flushed; yields the bytes so far.

        The key stays here: the link is signed. Raises LinkExpiredError for a link that opens nothing.
        """
        if urlsplit(task.video_url).scheme != "https" and not self._account.is_at_home:
            raise HostedError("the service gave a link that is not https: the clip was not fetched")
        try:
            with self._client.stream("GET", task.video_url) as answer, target.open("wb") as file:
                if answer.status_code in _EXPIRED:
                    raise LinkExpiredError(f"the clip's link is closed ({answer.status_code})")
                if answer.status_code != 200:
                    raise UnansweredError(f"the clip's link answered {answer.status_code}")
                for chunk in answer.iter_bytes(CHUNK):
                    file.write(chunk)
                    if file.tell() > MOST_BYTES:
                        raise HostedError(f"the clip has more than {MOST_BYTES} bytes: it is no clip")
                    yield file.tell()
                file.flush()
                os.fsync(file.fileno())
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise UnansweredError(f"the clip was cut off on its way ({_words(error)})") from error

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = {}, query: Mapping[str, str] = {}, timeout_s: float | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        url = self._account.base + path
        sent = {"Authorization": f"Bearer {self._account.key}", **headers}
        wait = httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s
        try:
            answer = self._client.request(
                method, url, json=body, headers=sent, params=dict(query) or None, timeout=wait
            )
        except _NEVER_ARRIVED as error:
            raise UnreachableError(f"{self._account.host} cannot be reached ({_words(error)})") from error
        except httpx.TransportError as error:
            raise UnansweredError(f"{self._account.host} did not answer ({_words(error)})") from error
        return _document(answer)


def _document(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Its error where it carries one."""
    try:
        document = answer.json()
    except ValueError:
        document = None
    is_envelope = isinstance(document, dict)
    if answer.status_code < 300 and is_envelope:
        return dict(document)
    code = str(document.get("code") or "") if is_envelope else ""
    if answer.status_code >= 500 and (not code or code in _UNSURE):
        # A gateway on the way, which does not know what became of what it passed on.
        raise UnansweredError(f"a server on the way answered {code or answer.status_code}")
    if answer.status_code < 300:
        raise UnansweredError("the answer is no JSON: is this the service's address?")
    said = str(document.get("message") or "") if is_envelope else ""
    raise failure(code, said, answer.status_code, _retry_after(answer))


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _task(document: Mapping[str, Any]) -> Task:
    output = document.get("output")
    if not isinstance(output, dict) or not output.get("task_id") or not output.get("task_status"):
        raise UnansweredError("the service answered without a task")
    words = ("video_url", "code", "message", "orig_prompt", "submit_time")
    found = {name: str(output.get(name) or "") for name in words}
    found["prompt"] = found.pop("orig_prompt")
    return Task(str(output["task_id"]), str(output["task_status"]), **found)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
