"""The whole training at toy size: every stage, stopped and resumed, shipped and loaded."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError
from rushes.core.model_facts import FirstFrame
from rushes.models.bundle import load_bundle
from rushes.models.mini_codec import MiniCodecConfig
from rushes.models.upscaler import UpscalerConfig
from rushes.training.footage import SkiaFilming
from rushes.training.loop import StopSignal
from rushes.training.mini import MiniTraining
from rushes.training.recipe import CodecRun, DataRun, Mix, TextRun, TransformerRun, UpscalerRun
from rushes.training.recipes import SLIDERS, mini, with_kinematics, with_motion, with_two_experts
from rushes.training.ship import ENOUGH_STEPS, ship

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
        num_controls=len(SLIDERS),
    ),
    vocabulary_size=1200,
    data_run=DataRun(scenes=((1, 4), (5, 4)), held_out=((1, 2), (5, 1)), shard=2),
    codec_run=CodecRun(steps=2, learning_rate=1e-4, batch=1, crop=(5, 32, 32), clips=4),
    text_run=TextRun(steps=2, learning_rate=1e-3, scenes=2),
    transformer_run=TransformerRun(
        steps=3,
        learning_rate=1e-3,
        mixes=(Mix(0, (1,), (1.0,)), Mix(1, (1, 5), (0.5, 0.5))),
        tokens_per_batch=80,
        null_caption_share=0.1,
        validate_every=2,
    ),
    expert_runs=(),
    upscaler=UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1),
    upscaler_run=UpscalerRun(steps=2, learning_rate=1e-3, batch=1, crop=(2, 16), scenes=2),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a finished training."""
    folder = tmp_path_factory.mktemp("toy") / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rushes.training.mini.CORPUS_SIZE", 4_000)
        assert MiniTraining(TOY, folder, StopSignal(folder), None, SkiaFilming()).run()
    return folder


@pytest.fixture
def training(finished, tmp_path):
    """The finished training in a copy of its folder."""
    shutil.copytree(finished, tmp_path / "state")
    return MiniTraining(TOY, tmp_path / "state", StopSignal(tmp_path / "state"), None, SkiaFilming())


def test_every_stage_runs_resumes_and_ships(training, tmp_path):
    fresh = MiniTraining(TOY, tmp_path / "fresh", StopSignal(tmp_path / "fresh"), None, SkiaFilming())
    with pytest.raises(UsageError, match="stage codec is not finished"):
        fresh.run(("latents",))
    assert training.run()  # everything is finished: nothing to do, nothing to break
    log = [json.loads(line) for line in (tmp_path / "state" / "transformer.jsonl").read_text().splitlines()]
    assert any({"validation", "validation_1", "validation_5"} <= line.keys() for line in log)

    bundle = ship(training, tmp_path / "mini")
    loaded = load_bundle(tmp_path / "mini", torch.float32, "cpu")
    assert loaded.name == "mini"
    assert loaded.experts[0].transformer is loaded.experts[1].transformer
    assert loaded.upscaler.config == TOY.upscaler
    ours = bundle.experts[0].transformer.state_dict()
    theirs = loaded.experts[0].transformer.state_dict()
    assert all(
        torch.allclose(ours[name], theirs[name], rtol=8e-3, atol=1e-6) for name in ours
    )  # bf16 on disk

    warm = MiniTraining(TOY, tmp_path / "next", StopSignal(tmp_path / "next"), loaded, SkiaFilming())
    assert warm.run()
    assert (tmp_path / "next" / "codec.safetensors").exists()
    assert not (tmp_path / "next" / "codec.pt").exists()  # the shipped codec was taken as it is


def test_a_raised_stop_leaves_the_rest_for_later(tmp_path):
    stop = StopSignal(tmp_path / "state", raised=True)
    assert not MiniTraining(TOY, tmp_path / "state", stop, None, SkiaFilming()).run()
    assert not list((tmp_path / "state").rglob("*.npy"))


def test_a_stage_asked_for_by_name_is_trained_on_from_the_shipped_weights(training, tmp_path):
    shipped = ship(training, tmp_path / "mini")
    again = MiniTraining(TOY, tmp_path / "again", StopSignal(tmp_path / "again"), shipped, SkiaFilming())
    assert again.run(("codec",))
    assert (tmp_path / "again" / "codec.pt").exists()
    assert (tmp_path / "again" / "text_encoder.safetensors").exists()
    assert not (tmp_path / "again" / "text.pt").exists()


def test_the_record_promises_only_what_was_taught_for_long(training, tmp_path):
    short = ship(training, tmp_path / "short").conventions
    assert (short.first_frame, short.any_tokens, short.sliders) == (FirstFrame.NONE, False, ())
    path = tmp_path / "state" / "transformer.pt"
    state = torch.load(path)
    assert state["taught"] == {"known_tokens": 3, "sliders": 3}
    torch.save({**state, "taught": dict.fromkeys(state["taught"], ENOUGH_STEPS)}, path)
    ship(training, tmp_path / "long")
    taught = load_bundle(tmp_path / "long", torch.float32, "cpu").conventions
    assert (taught.first_frame, taught.any_tokens, taught.sliders) == (FirstFrame.TOKENS, True, SLIDERS)

    other = replace(TOY, transformer=replace(TOY.transformer, num_controls=0), sliders=())
    with pytest.raises(UsageError, match="another shape"):
        MiniTraining(other, tmp_path / "state", StopSignal(tmp_path / "state"), None, SkiaFilming()).run()


def test_limits_of_clean_latents_are_those_of_renders_or_the_shipped_ones(training, tmp_path):
    shipped = ship(training, tmp_path / "mini")
    limits = np.array(shipped.conventions.latent_limits)
    clips = np.concatenate([np.load(path) for path in (tmp_path / "state").glob("latents_*/005_*.npy")])
    most = np.abs(clips).max(axis=(0, 2, 3, 4))
    assert limits.shape == most.shape
    assert (limits > 0).all()
    assert (limits <= most + 0.01).all()

    fresh = MiniTraining(TOY, tmp_path / "fresh", StopSignal(tmp_path / "fresh"), shipped, SkiaFilming())
    fresh.run(("codec", "text"))
    assert fresh.latent_limits() == shipped.conventions.latent_limits


def test_motion_kinematics_and_two_experts_train_and_ship(training, tmp_path):
    shipped = ship(training, tmp_path / "trunk")
    recipe = with_two_experts(with_kinematics(with_motion(TOY)), steps=5)
    more = MiniTraining(recipe, tmp_path / "more", StopSignal(tmp_path / "more"), shipped, SkiaFilming())
    assert more.run()
    ship(more, tmp_path / "mini")
    bundle = load_bundle(tmp_path / "mini", torch.float32, "cpu")
    high, low = (expert.transformer for expert in bundle.experts)
    assert bundle.conventions.motion_channels == 2
    assert (tmp_path / "mini" / "transformer_high.safetensors").exists()
    assert not torch.equal(high.patch_embedding.weight, low.patch_embedding.weight)
    log = [json.loads(line) for line in (tmp_path / "more" / "expert_low.jsonl").read_text().splitlines()]
    assert any({"kinematic", "flow_consistency"} <= line.keys() for line in log)


def test_a_round_without_a_trunk_goes_on_from_both_shipped_experts(training, tmp_path):
    first = replace(training, recipe=with_two_experts(TOY, steps=5))
    assert first.run()
    shipped = ship(first, tmp_path / "mini")
    without = replace(TOY, transformer_run=replace(TOY.transformer_run, steps=0))
    round_ = with_two_experts(without, steps=0)
    again = MiniTraining(round_, tmp_path / "again", StopSignal(tmp_path / "again"), shipped, SkiaFilming())
    assert again.run()
    assert not (tmp_path / "again" / "transformer.pt").exists()
    for expert, kept in zip(shipped.experts, again.trained(), strict=True):
        weights = expert.transformer.state_dict()
        assert all(torch.equal(weights[name], kept.weights[name]) for name in weights)
        assert kept.taught == {"known_tokens": 0, "sliders": 0}  # too few steps for a promise, kept as such
