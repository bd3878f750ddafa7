"""Who does what to whom, in all four languages, and which action a plain clause names."""

from pathlib import Path

import pytest

from rushes.language.beats.participants import ROLES, heaviest, trained_weights
from rushes.language.concepts import LANGUAGES
from rushes.language.parse import parse
from rushes.language.scoring import labels_of

VERBS = Path(__file__).parents[1] / "data" / "verbs.tsv"


def told(text: str) -> list[str]:
    return list(labels_of(parse(text))["who"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Serial verbs keep their subject; what is seen or taught acts itself.
        ("女孩抱着一只白兔跑过麦田", ["girl>hold>rabbit", "girl>run"]),
        ("骑士骑马冲向巨龙", ["knight>ride>horse", "knight>charge>dragon"]),
        ("老人看着船燃烧", ["elder>look>boat", "boat>burn"]),
        # Clauses that qualify a noun are about that noun.
        ("被猫追赶的老鼠钻进墙洞", ["cat>chase>mouse", "mouse>enter"]),
        ("画家对着坐在窗边的模特画画", ["fashion_model>sit", "artist>draw"]),
        ("The mouse chased by the cat runs away", ["cat>chase>mouse", "mouse>flee"]),
        ("A man holding a black umbrella walks slowly", ["man>hold>umbrella", "man>walk"]),
        ("少年が投げたボールを犬が追う", ["boy>throw>ball", "dog>chase>ball"]),
        ("소년이 던진 공을 개가 쫓는다", ["boy>throw>ball", "dog>chase>ball"]),
        # An English participle before its noun is the noun's, or tells of no event.
        ("A girl dances under falling petals", ["girl>dance", "petal>fall"]),
        ("A man walks among burning houses", ["man>walk", "house>burn"]),
        ("He escapes by running", ["man>flee", "man>run"]),
        ("A girl throws painted stones", ["girl>throw>stone"]),
        ("A man opens a painted box", ["man>open>box"]),
        ("The girl painted masks", ["girl>draw>mask"]),
        # People whom only a number or they names.
        ("两人在雨中奔跑", ["person>run"]),
        ("두 사람이 숲을 걷는다", ["person>walk"]),
        ("They run through the rain", ["person>run"]),
        ("她们在海边跳舞", ["woman>dance"]),
        ("彼らは森を歩く", ["person>walk"]),
        ("그들은 숲을 걷는다", ["person>walk"]),
        ("Paper boats drift away and they sink", ["paper_boat>float", "paper_boat>sink"]),
        # Weather and light act too.
        ("立つSILHOUETTE", ["silhouette_light>stand"]),
        # What acts is not what it does that to; a thing right before a person says which person.
        ("A truck stops, a dog watches it", ["truck>stop", "dog>watch>truck"]),
        ("A bicycle messenger drops a bag", ["messenger>drop>bag"]),
        # What a hand does its owner does.
        ("祖母の手が布を縫う", ["grandmother>knit>cloth"]),
        ("할머니의 손이 담요를 꿰맨다", ["grandmother>knit>blanket"]),
        # A noun under a preposition does not act.
        ("A man on a horse gallops", ["man>gallop"]),
        ("The captain is surrounded by five pirates", ["pirate>surround>captain"]),
        ("船長が五人の海賊に囲まれる", ["pirate>surround>captain"]),
        ("선장이 다섯 명의 해적에게 포위된다", ["pirate>surround>captain"]),
        # The particle of a counted noun stands behind the number.
        ("泥だらけの兵士三人が匍匐前進する", ["soldier>crawl"]),
        ("ペンギンの群れが氷の上を歩く", ["penguin>walk"]),
        ("코끼리 두 마리가 강을 건넌다", ["elephant>cross>river"]),
        # It, they and one of them.
        ("The girl releases the balloon and it rises", ["girl>release>balloon", "balloon>rise"]),
        ("三名士兵匍匐前进，其中一人扔出手榴弹", ["soldier>crawl", "soldier>throw>bomb"]),
        ("兵士三人が這い、一人が石を投げる", ["soldier>crawl", "soldier>throw>stone"]),
        ("A man waits, the courier hands him a package", ["man>wait", "delivery_man>give>man"]),
        # What an unknown word does is not done by whoever acted before.
        ("The pilot jumps, ephemera scatters", ["pilot>leap", "spread"]),
        ("パイロットが脱出し、残滓が散らばる", ["pilot>flee", "spread"]),
        ("조종사가 탈출하고 잔재물이 흩어진다", ["pilot>flee", "spread"]),
        # Behind と and 자 whoever acted before goes on.
        ("犬がホームで待ち、列車が到着すると、ドアへ走る", ["dog>wait", "train>arrive", "dog>run"]),
        ("개가 기다리다 기차가 도착하자 문으로 달려간다", ["dog>wait", "train>arrive", "dog>run"]),
        # A verb and its object may mean something of their own.
        ("音乐家拉小提琴", ["musician>play>violin"]),
        ("음악가가 바이올린을 켜고 있다", ["musician>play>violin"]),
        ("男が傘を差す", ["man>hold>umbrella"]),
    ],
)
def test_who_does_what_to_whom(text, expected):
    assert sorted(told(text)) == sorted(expected)


def rows() -> list[list[str]]:
    return [line.split("\t") for line in VERBS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("number", "language"), list(enumerate(LANGUAGES, start=1)))
def test_plain_clauses_name_their_action(number, language):
    """The floor lies a little under what is reached; near words (leap and dive) make the rest."""
    found = [row[0] in {each.concept for each in parse(row[number]).found("beats")} for row in rows()]
    assert len(found) >= 160
    assert sum(found) / len(found) > 0.9, language


@pytest.mark.parametrize("text", ["桌上有一台打字机", "街角的照相馆", "路边的烧烤摊"])
def test_a_verb_inside_a_noun_is_no_beat(text):
    assert not parse(text).beats


def test_the_heaviest_option_is_chosen_and_unknown_features_weigh_nothing():
    weights = {"agent": {"nobody": 0.5, "person": 1.0}, "patient": {"person": -1.0, "new": 0.0}}
    options = {None: ["nobody"], 3: ["person", "new"], 5: ["new"]}
    assert heaviest("agent", options, weights) == 3
    assert heaviest("patient", options, weights) is None


def test_weights_are_few_and_each_says_something():
    weights = trained_weights()
    assert all(weight for role in ROLES for weight in weights[role].values())
    assert 1000 < sum(map(len, weights.values())) < 20_000
