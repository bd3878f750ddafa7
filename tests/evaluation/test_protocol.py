from importlib import resources

from rushes.evaluation.protocol import NUM_HELD_OUT, NUM_SCENES, all_cases, cases_document, load_cases
from rushes.language.captions import LANGUAGES
from rushes.language.mini_prompt import read_prompt
from rushes.training.shards import FIRST_EVALUATION_SEED
from rushes.world.scene import is_held_out


def test_the_committed_file_is_what_the_function_makes():
    committed = (resources.files("rushes.evaluation") / "data" / "prompts.json").read_text(encoding="utf-8")
    assert committed == cases_document(all_cases())


def test_cases_are_unseen_scenes_fully_described_in_every_language():
    cases = load_cases()
    assert all(case.scene_seed >= FIRST_EVALUATION_SEED for case in cases)
    assert len({case.seed for case in cases}) == len(cases) == NUM_SCENES + NUM_HELD_OUT
    assert all(tuple(case.prompts) == LANGUAGES for case in cases)
    assert all(case.scene().attributes() == case.attributes for case in cases[::16])


def test_the_language_package_reads_the_prompts_back():
    pairs = [(case, prompt) for case in load_cases()[::5] for prompt in case.prompts.values()]
    right = 0
    for case, prompt in pairs:
        told = read_prompt(prompt).attributes
        right += all(told.get(slot, "plain") == value for slot, value in case.attributes.items())
    assert right >= 0.99 * len(pairs)


def test_every_fifth_case_has_a_pair_that_training_never_sees():
    cases = load_cases()
    assert [case.held_out for case in cases[:10]] == [False] * 4 + [True] + [False] * 4 + [True]
    assert all(is_held_out(case.attributes) == case.held_out for case in cases)
