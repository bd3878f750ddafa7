"""A language model in a folder on this machine, for `--llm`; transformers is loaded only when it is asked."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.core.errors import UsageError, WeightsError
from rushes.language.llm import Budget, EndpointError, Messages

_MOST_NEW_TOKENS = 512


@dataclass(frozen=True)
class LocalModel:
    """A folder in the format of transformers, weights as safetensors; `timeout_s` bounds one answer."""

    folder: Path
    budget: Budget
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if not (self.folder / "config.json").is_file():
            raise UsageError(f"{self.folder} holds no config.json; give the folder of a language model.")

    def write(self, messages: Messages, seed: int) -> str:  # noqa: ARG002  nothing is drawn
        """Return the model's likeliest answer, which no seed changes."""
        self.budget.spend()
        tokenizer, model = _loaded(self.folder)
        started = time.monotonic()
        inputs = tokenizer(_prompt(tokenizer, messages), return_tensors="pt", add_special_tokens=False)
        written = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            do_sample=False,
            max_new_tokens=_MOST_NEW_TOKENS,
            max_time=self.timeout_s,
            pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id or 0,
        )
        if time.monotonic() - started > self.timeout_s:
            raise EndpointError(f"The model in {self.folder} took longer than {self.timeout_s:g} s.")
        answer = tokenizer.decode(written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return str(answer)


def _prompt(tokenizer: Any, messages: Messages) -> str:
    if tokenizer.chat_template:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    return "\n\n".join(message["content"] for message in messages) + "\n\n"


def _loaded(folder: Path) -> tuple[Any, Any]:
    """Load tokenizer and model from files alone: no network, no code of the folder, no pickles."""
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        raise UsageError("A local language model needs transformers: pip install 'rushes[llm]'.") from None
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **options)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(f"{folder} cannot be read as a language model: {reason}") from None
    return tokenizer, model.eval()
