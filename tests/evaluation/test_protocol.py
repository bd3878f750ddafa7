from importlib import resources

from rushes.evaluation.protocol import NUM_CASES, cases_document, load_cases, make_cases
from rushes.language.captions import LANGUAGES
from rushes.language.mini_prompt import read_prompt
from rushes.training.data import FIRST_EVALUATION_SEED


def test_the_committed_file_is_what_the_function_makes():
    committed = (resources.files("rushes.evaluation") / "data" / "prompts.json").read_text(encoding="utf-8")
    assert committed == cases_document(make_cases(NUM_CASES))


def test_cases_are_unseen_full_descriptions_in_equal_parts_of_four_languages():
    cases = load_cases()
    assert all(case.scene_seed >= FIRST_EVALUATION_SEED for case in cases)
    for language in LANGUAGES:
        assert sum(case.language == language for case in cases) == NUM_CASES / 4
    for case in cases:
        assert read_prompt(case.prompt).attributes == case.attributes
