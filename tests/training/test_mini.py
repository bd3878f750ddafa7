"""The whole training at toy size: every stage, stopped and resumed, shipped and loaded."""

from dataclasses import replace

import pytest
import torch

from rushes.core.errors import UsageError
from rushes.models.bundle import load_bundle
from rushes.models.mini_codec import MiniCodecConfig
from rushes.training.loop import StopSignal
from rushes.training.mini import MiniTraining
from rushes.training.recipe import CodecRun, DataRun, Mix, TextRun, TransformerRun
from rushes.training.recipes import mini
from rushes.training.ship import ship

WHOLE = mini()
TOY = replace(
    WHOLE,
    codec=MiniCodecConfig(4, (4, 4, 8), (4, 4, 8)),
    text_encoder=replace(
        WHOLE.text_encoder, hidden_size=16, depth=1, num_heads=2, head_dim=8, ffn_size=16, vocab_size=1200
    ),
    transformer=replace(
        WHOLE.transformer,
        hidden_size=24,
        depth=1,
        num_heads=2,
        ffn_size=24,
        in_channels=4,
        out_channels=4,
        text_dim=16,
    ),
    vocabulary_size=1200,
    data_run=DataRun(scenes=((1, 4), (5, 4)), shard=2),
    codec_run=CodecRun(steps=2, learning_rate=1e-4, batch=1, crop=(5, 32, 32), clips=4),
    text_run=TextRun(steps=2, learning_rate=1e-3, scenes=2),
    transformer_run=TransformerRun(
        steps=3,
        learning_rate=1e-3,
        mixes=(Mix(0, (1,), (1.0,)), Mix(1, (1, 5), (0.5, 0.5))),
        tokens_per_batch=80,
        null_caption_share=0.1,
    ),
)


def test_every_stage_runs_resumes_and_ships(tmp_path):
    training = MiniTraining(TOY, tmp_path / "state", StopSignal(tmp_path / "state"), shipped=None)
    with pytest.raises(UsageError, match="stage codec is not finished"):
        training.run(("latents",))
    assert training.run()
    assert training.run()  # everything is finished: nothing to do, nothing to break

    bundle = ship(training, tmp_path / "mini")
    loaded = load_bundle(tmp_path / "mini", torch.float32, "cpu")
    assert loaded.name == "mini"
    assert loaded.experts[0].transformer is loaded.experts[1].transformer
    ours = bundle.experts[0].transformer.state_dict()
    theirs = loaded.experts[0].transformer.state_dict()
    assert all(
        torch.allclose(ours[name], theirs[name], rtol=8e-3, atol=1e-6) for name in ours
    )  # bf16 on disk

    warm = MiniTraining(TOY, tmp_path / "next", StopSignal(tmp_path / "next"), shipped=loaded)
    assert warm.run()
    assert (tmp_path / "next" / "codec.safetensors").exists()
    assert not (tmp_path / "next" / "codec.pt").exists()  # the shipped codec was taken as it is


def test_a_raised_stop_leaves_the_rest_for_later(tmp_path):
    stop = StopSignal(tmp_path / "state", raised=True)
    assert not MiniTraining(TOY, tmp_path / "state", stop, shipped=None).run()
    assert not list((tmp_path / "state").rglob("*.npy"))


def test_a_stage_asked_for_by_name_is_trained_on_from_the_shipped_weights(tmp_path):
    first = MiniTraining(TOY, tmp_path / "first", StopSignal(tmp_path / "first"), shipped=None)
    assert first.run()
    shipped = ship(first, tmp_path / "mini")
    again = MiniTraining(TOY, tmp_path / "again", StopSignal(tmp_path / "again"), shipped)
    assert again.run(("codec",))
    assert (tmp_path / "again" / "codec.pt").exists()
    assert (tmp_path / "again" / "text_encoder.safetensors").exists()
    assert not (tmp_path / "again" / "text.pt").exists()
