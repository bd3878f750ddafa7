"""A feed-forward of several experts of which each token uses a few (Shazeer et al., arXiv 1701.06538).

Not part of any published Wan model, whose two "experts" are whole transformers chosen by noise level.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from rushes.models.precision import wide


class Experts(nn.Module):
    """The same two-layer perceptron several times: down(GELU(up(x))), tanh GELU, expert by expert."""

    def __init__(self, num_experts: int, hidden_size: int, ffn_size: int) -> None:
        super().__init__()
        self.up_weight = nn.Parameter(torch.empty(num_experts, ffn_size, hidden_size))
        self.up_bias = nn.Parameter(torch.empty(num_experts, ffn_size))
        self.down_weight = nn.Parameter(torch.empty(num_experts, hidden_size, ffn_size))
        self.down_bias = nn.Parameter(torch.empty(num_experts, hidden_size))

    def forward(self, rows: Tensor, counts: list[int]) -> Tensor:
        """Rows (R, dim) in the order of their experts, and how many each expert has -> (R, dim)."""
        weights = zip(self.up_weight, self.up_bias, self.down_weight, self.down_bias, strict=True)
        results = []
        for part, (up, up_bias, down, down_bias) in zip(torch.split(rows, counts), weights, strict=True):
            hidden = F.gelu(F.linear(part, up, up_bias), approximate="tanh")
            results.append(F.linear(hidden, down, down_bias))
        return torch.cat(results)


class MixtureOfExperts(nn.Module):
    """Sum of each token's ``top_k`` likeliest experts, weighted by the softmax over those.

    Tokens are brought together by expert, so that the work is a few large matrix products.
    """

    def __init__(self, num_experts: int, top_k: int, hidden_size: int, ffn_size: int) -> None:
        super().__init__()
        self.top_k = top_k
        self.router = nn.Parameter(torch.empty(num_experts, hidden_size))
        self.experts = Experts(num_experts, hidden_size, ffn_size)
        # of the latest forward, for the training loss
        self.balance: Tensor | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., dim) -> (..., dim) in at least float32."""
        rows = tokens.flatten(0, -2)
        scores = self._scores(rows)
        top, chosen = scores.topk(self.top_k, dim=-1)
        self.balance = load_balance(scores, chosen) if torch.is_grad_enabled() else None
        order = chosen.flatten().argsort(stable=True)
        counts = chosen.flatten().bincount(minlength=scores.shape[-1]).tolist()
        mixed: Tensor = self.experts(rows[order // self.top_k], counts)[order.argsort()]
        mixed = rearrange(mixed.to(scores.dtype), "(n k) d -> n k d", k=self.top_k)
        weights = top.softmax(dim=-1).unsqueeze(-1)
        return (mixed * weights).sum(dim=1).view(tokens.shape)

    def _scores(self, rows: Tensor) -> Tensor:
        # near ties decide which expert runs: never in less than float32
        dtype = wide(self.router.dtype)
        with torch.autocast(rows.device.type, enabled=False):
            return F.linear(rows.to(dtype), self.router.to(dtype))

    @torch.no_grad()
    def init_weights(self) -> None:
        """Start values: small router scores, Xavier up, zero down."""
        nn.init.normal_(self.router, std=0.02)
        for expert in self.experts.up_weight:
            nn.init.xavier_uniform_(expert)
        for rest in (self.experts.up_bias, self.experts.down_weight, self.experts.down_bias):
            nn.init.zeros_(rest)


def load_balance(scores: Tensor, chosen: Tensor) -> Tensor:
    """Experts times the sum over experts of (share of choices) x (mean probability): 1 when all get the same.

    Router scores (N, experts), chosen experts (N, top_k). The auxiliary loss of Switch Transformer (arXiv
    2101.03961, equation 4) over top_k choices; only the probability has a gradient.
    """
    num_experts = scores.shape[-1]
    shares = chosen.flatten().bincount(minlength=num_experts) / chosen.numel()
    return num_experts * (shares * scores.softmax(dim=-1).mean(dim=0)).sum()


def balance_loss(model: nn.Module) -> Tensor:
    """Mean of :func:`load_balance` over the mixtures of a model after a forward with gradients."""
    values = [module.balance for module in model.modules() if isinstance(module, MixtureOfExperts)]
    return torch.stack([value for value in values if value is not None]).mean()
