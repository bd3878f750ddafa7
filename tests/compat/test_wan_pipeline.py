"""The diffusers face beside diffusers itself: same signature, same shapes, same numbers."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from tests.engine.wan import build
from tests.models.references import error
from tests.tiny_model import tiny_bundle

import rushes
from rushes.compat.stand_in import Resolved
from rushes.compat.text_to_video import TextToVideoSDPipeline
from rushes.compat.wan_pipeline import WanPipeline
from rushes.core.errors import UsageError
from rushes.core.model_facts import FirstFrame
from rushes.models.bundle import save_bundle

PROMPT = "a red fox leaps over the snow"
SMALL = {"height": 32, "width": 64, "num_frames": 9, "num_inference_steps": 3}


@pytest.fixture(scope="module")
def wan():
    return build(FirstFrame.NONE, num_experts=2)


@pytest.fixture(scope="module")
def pipe(wan):
    return WanPipeline(Resolved(wan.bundle, "tiny", stands_in=False))


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_bundle(tiny_bundle(), folder)
    return folder


def test_the_signature_is_the_one_people_know():
    from diffusers import WanPipeline as Theirs  # noqa: PLC0415 - slow to import

    ours = inspect.signature(WanPipeline.__call__).parameters
    theirs = inspect.signature(Theirs.__call__).parameters
    assert list(ours) == list(theirs)
    for name, parameter in theirs.items():
        default = parameter.default
        assert ours[name].default == (tuple(default) if isinstance(default, list) else default), name


def test_the_numbers_are_those_of_diffusers(wan, pipe):
    from diffusers import WanPipeline as Theirs  # noqa: PLC0415 - slow to import

    theirs = Theirs(tokenizer=None, text_encoder=None, scheduler=wan.scheduler(), **wan.parts)
    theirs.set_progress_bar_config(disable=True)
    cond, uncond = wan.texts(PROMPT, wan.bundle.defaults.negative_prompt)
    arguments = {**SMALL, "guidance_scale": 4.0, "guidance_scale_2": 3.0}
    for output_type, bound in (("latent", 1e-4), ("np", 1e-3)):
        expected = theirs(
            prompt_embeds=cond, negative_prompt_embeds=uncond, output_type=output_type,
            generator=torch.Generator().manual_seed(5), **arguments,
        ).frames  # fmt: skip
        made = pipe(
            PROMPT, output_type=output_type, generator=torch.Generator().manual_seed(5), **arguments
        ).frames
        assert made.shape == expected.shape
        assert error(torch.as_tensor(made), torch.as_tensor(expected)) <= bound
    embedded = pipe(
        prompt_embeds=cond, negative_prompt_embeds=uncond, output_type="latent",
        generator=torch.Generator().manual_seed(5), **arguments,
    ).frames  # fmt: skip
    again = pipe(PROMPT, output_type="latent", generator=torch.Generator().manual_seed(5), **arguments).frames
    assert error(embedded, again) <= 1e-4


def test_outputs_have_the_shapes_people_know(pipe):
    def make(kind, **changes):
        return pipe(PROMPT, output_type=kind, generator=torch.Generator().manual_seed(1), **SMALL, **changes)

    pictures = make("np").frames
    assert (pictures.shape, pictures.dtype) == ((1, 9, 32, 64, 3), np.float32)
    assert 0 <= pictures.min() <= pictures.max() <= 1
    tensor = make("pt").frames
    assert torch.equal(tensor[0].permute(0, 2, 3, 1), torch.from_numpy(pictures[0]))
    [images] = make("pil").frames
    assert [image.size for image in images] == [(64, 32)] * 9
    assert np.abs(np.asarray(images[4]) / 255 - pictures[0, 4]).max() < 0.003
    [plain] = make("np", return_dict=False)
    assert np.array_equal(plain, pictures)


def test_batches_of_prompts_and_copies_keep_their_order(pipe):
    generators = [torch.Generator().manual_seed(seed) for seed in range(4)]
    prompts = [PROMPT, "a blue horse"]
    four = pipe(prompts, num_videos_per_prompt=2, generator=generators, output_type="latent", **SMALL).frames
    alone = pipe(
        prompts[1], generator=[torch.Generator().manual_seed(2)], output_type="latent", **SMALL
    ).frames
    assert four.shape[0] == 4
    assert error(four[2:3], alone) <= 1e-5


def test_frames_between_the_grid_are_made_and_cut_and_said(pipe):
    with pytest.warns(UserWarning, match="7 frames asked -> 9 made, the last 2 cut off"):
        frames = pipe(PROMPT, **{**SMALL, "num_frames": 7}).frames
    assert frames.shape[1] == 7


def test_a_callback_sees_and_changes_the_latents(pipe):
    seen = []

    def watch(pipeline, step, timestep, inputs):
        seen.append((step, int(timestep), tuple(inputs)))
        return {"latents": torch.zeros_like(inputs["latents"])} if step == 2 else inputs

    frames = pipe(PROMPT, callback_on_step_end=watch, output_type="latent", **SMALL).frames
    assert [step for step, _, _ in seen] == [0, 1, 2]
    assert [names for _, _, names in seen] == [("latents",)] * 3
    assert seen[0][1] > seen[1][1] > seen[2][1]
    assert not frames.any()


def test_a_callback_sees_the_embeddings_and_cannot_change_them(wan, pipe):
    asked = ["latents", "prompt_embeds", "negative_prompt_embeds"]
    seen = []

    def watch(pipeline, step, timestep, inputs):
        seen.append(inputs)
        return inputs

    def change(pipeline, step, timestep, inputs):
        inputs["prompt_embeds"] = 0 * inputs["prompt_embeds"]
        return inputs

    arguments = {"callback_on_step_end_tensor_inputs": asked, "output_type": "latent", **SMALL}
    start = torch.zeros(1, 4, 3, 4, 8)
    watched = pipe(PROMPT, callback_on_step_end=watch, latents=start, **arguments).frames
    assert [list(inputs) for inputs in seen] == [asked] * 3
    cond, uncond = wan.texts(PROMPT, wan.bundle.defaults.negative_prompt)
    assert error(seen[0]["prompt_embeds"], cond) <= 1e-5
    assert error(seen[0]["negative_prompt_embeds"], uncond) <= 1e-5
    assert torch.equal(watched, pipe(PROMPT, latents=start, output_type="latent", **SMALL).frames)
    with pytest.raises(UsageError, match="a callback cannot change 'prompt_embeds' here"):
        pipe(PROMPT, callback_on_step_end=change, **arguments)


def test_an_interrupt_stops_the_steps(pipe):
    steps = []

    def stop(pipeline, step, timestep, inputs):
        steps.append(step)
        pipeline._interrupt = True
        return inputs

    assert pipe(PROMPT, callback_on_step_end=stop, **SMALL).frames.shape[1] == 9
    assert steps == [0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_type": "gif"}, "output_type 'gif' is unknown"),
        ({"attention_kwargs": {"scale": 1}}, "attention_kwargs"),
        ({"max_sequence_length": 77}, "max_sequence_length 77 cannot be used"),
        ({"height": 33}, "not a multiple of"),
        ({"num_inference_steps": 0}, "steps 0 is out of range"),
        ({"prompt_embeds": torch.zeros(1, 1, 1)}, "give either prompt or prompt_embeds"),
        ({"latents": torch.zeros(3, 1, 1, 1, 1)}, "latents hold 3 clips, 1 were asked"),
        ({"callback_on_step_end_tensor_inputs": ["x"]}, r"callback inputs \['x'\] are unknown"),
        ({"prompt": "  "}, "has no words"),
    ],
)
def test_what_cannot_be_honoured_is_refused_before_any_work(pipe, changes, message):
    with pytest.raises(UsageError, match=message):
        pipe(**{"prompt": PROMPT, **SMALL, **changes})


def test_a_folder_of_a_model_is_loaded(tiny_folder):
    made = rushes.WanPipeline.from_pretrained(str(tiny_folder), torch_dtype=torch.float32)
    assert made.model_name == "tiny"
    frames = made(PROMPT, height=144, width=256, num_frames=5, num_inference_steps=1).frames
    assert frames.shape == (1, 5, 144, 256, 3)


def test_mini_stands_in_for_what_is_not_here_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    with pytest.warns(UserWarning, match=r"Wan-AI/Wan2\.2-T2V-A14B-Diffusers is not on this machine: mini"):
        made = WanPipeline.from_pretrained("Wan-AI/Wan2.2-T2V-A14B-Diffusers", torch_dtype=torch.bfloat16)
    assert made.model_name == "mini"
    with pytest.warns(UserWarning, match="81 frames were asked, mini makes 61 at most"):
        frames = made("a fox runs over snow", num_inference_steps=1, height=72, width=128).frames
    assert frames.shape == (1, 61, 72, 128, 3)


def test_a_gpu_that_is_not_there_is_said(pipe):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.warns(UserWarning, match="no CUDA device: the model stays on the CPU"):
        assert pipe.to("cuda").device.type == "cpu"


def test_the_articles_other_class_name(tmp_path, monkeypatch):
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        made = TextToVideoSDPipeline.from_pretrained(
            "alibaba/Wan2.2-T2V-A14B", torch_dtype=torch.float16, variant="fp16"
        )
        frames = made(
            prompt="a silver fox leaps over snow", num_frames=16, height=72, width=128,
            num_inference_steps=1, guidance_scale=9.0,
        ).frames  # fmt: skip
    assert frames.shape == (1, 16, 72, 128, 3)
    text = " ".join(str(each.message) for each in said)
    for words in ("mini", "float16 overflows", "variant 'fp16' plays no part", "guidance_scale 9", "17 made"):
        assert words in text


def test_unknown_names_and_dtypes_are_refused():
    with pytest.raises(UsageError, match="'wann' is unknown"):
        WanPipeline.from_pretrained("wann")
    with pytest.raises(UsageError, match=r"torch_dtype torch\.int8 cannot be computed in"):
        WanPipeline.from_pretrained("mini", torch_dtype=torch.int8)
