"""Which language model this project allows: none, an endpoint, or one in a folder on this machine."""

import os
from pathlib import Path

from rushes.core.errors import UsageError
from rushes.language.llm import Budget, Endpoint, Writer


def allowed_writer(calls: int) -> Writer:
    """Return what RUSHES_LLM allows to be asked, at most ``calls`` times; UsageError where that is nothing.

    The switch is apart from the address, so that a script does not leave the house because an address is set.
    """
    allowed = os.environ.get("RUSHES_LLM", "off")
    if allowed == "endpoint":
        from rushes.cli.endpoint import send

        url, model = os.environ.get("RUSHES_LLM_URL", ""), os.environ.get("RUSHES_LLM_MODEL", "")
        if not url or not model:
            raise UsageError("RUSHES_LLM=endpoint needs RUSHES_LLM_URL and RUSHES_LLM_MODEL as well.")
        return Endpoint(url, model, Budget(calls), send, os.environ.get("RUSHES_LLM_KEY", ""))
    if allowed == "local":
        from rushes.cli.local_model import LocalModel

        folder = os.environ.get("RUSHES_LLM_FOLDER", "")
        if not folder:
            raise UsageError("RUSHES_LLM=local needs RUSHES_LLM_FOLDER, the folder of a language model.")
        return LocalModel(Path(folder), Budget(calls))
    if allowed == "off":
        raise UsageError(
            "This project allows no language model: set RUSHES_LLM=local with RUSHES_LLM_FOLDER, or "
            "RUSHES_LLM=endpoint with RUSHES_LLM_URL and RUSHES_LLM_MODEL, which sends the text there."
        )
    raise UsageError(f"RUSHES_LLM is {allowed!r}; it may be off, endpoint or local.")
