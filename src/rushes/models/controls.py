"""Numbers that steer a clip beside its words, as rows of the text its transformer attends to.

Not part of any published Wan model, which is steered by words alone.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

HIDDEN_SIZE = 64


class ControlTokens(nn.Module):
    """One row for each of ``num_controls`` values in -1..1, made of all of them by a small perceptron."""

    def __init__(self, num_controls: int, hidden_size: int) -> None:
        super().__init__()
        self.num_controls = num_controls
        self.up = nn.Linear(2 * num_controls, HIDDEN_SIZE)
        self.down = nn.Linear(HIDDEN_SIZE, num_controls * hidden_size)

    def forward(self, values: Tensor) -> Tensor:
        """(B, num_controls), NaN where nothing is asked -> (B, num_controls, hidden_size)."""
        told = ~values.isnan()
        seen = torch.cat([values.nan_to_num(0), told.to(values.dtype)], dim=-1)
        made = self.down(F.silu(self.up(seen.to(self.up.weight.dtype))))
        rows: Tensor = rearrange(made, "b (n d) -> b n d", n=self.num_controls)
        return rows

    @torch.no_grad()
    def init_weights(self) -> None:
        """Rows that start at zero: a model that gets them answers as before."""
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)
