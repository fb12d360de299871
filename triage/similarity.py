"""Repeat calls (重复来电): the same place, texts about the same thing, and which earlier tickets a new call repeats."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from triage.entities.digits import SPOKEN, count, spelt
from triage.moments import in_utc

# Chosen on the 30 "dev" pairs of tests/triage/repeat_cases.csv: of pairs in different groups, midway between the best of other events (0.37)
# and the next of the same (0.47). The whole rule on the 30 "test" pairs: precision 0.76, recall 0.87 (dev 0.74, 0.93); by the group alone
# 0.75, 0.80; by the texts alone 1.00, 0.20. All four mistakes come from the group: another event of the same kind.
# Hopeful figures: thirty pairs are good to about a tenth, pairs, groups and empty words are by one hand, and 16 of the pairs that are
# "test" now had been looked at, under an earlier split, when it was decided to count single characters. No real calls were measured.
LIKE_ENOUGH = 0.42

FIGURE = "0-9零〇一二两三四五六七八九十百幺"
TOLD = re.compile(f"第?([{FIGURE}]{{1,7}})(?=号|栋|幢|座|#|单元|室|层|楼(?![村镇乡])|弄|[组队]|社(?!区)|[房户]?$)")
NAMED = re.compile(f"第?(?<![{FIGURE}])([一二三四五六七八九])(?=[路街巷段区期])")  # 经三路 is 经3路, but 五一路 is a name
# One way to write each part, in this order; what a step makes is what the next one reads.
PARTS = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"(?<!\d)0+(?=\d)", ""),
        (r"(?<=[路街巷弄道])(\d+)#(?!楼)", r"\1号"),
        (r"(?<!\d)#+(\d+)楼", r"\1栋"),
        (r"#*(\d+|[A-Z甲乙丙丁])(?:号楼|#楼|#|[幢座栋]|楼(?=\d+单元))", r"\1栋"),
        (r"#", ""),
        (r"(\d+)楼(?![村镇乡])", r"\1层"),
        (r"(\d+)-(\d+)-(\d{3,4})(?:号?室|房|户)?$", r"\1栋\2单元\3室"),
        (r"(?<=栋)(\d+)-(\d{3,4})(?:号?室|房|户)?$", r"\1单元\2室"),
        (r"(?<=[元层栋])(\d{2,5})(?:号?室|号?房|号|户)?$", r"\1室"),
        (r"(\d{1,2})层(?=\1\d\d室)", ""),
        (r"(?<=[路街巷弄道])(\d+)$", r"\1号"),
    )
)
HAN = "[\u3400-\u9fff]"
LEVELS = re.compile(
    f"(?P<province>{HAN}{{2,3}}省|{HAN}{{2,5}}自治区)?"
    f"(?P<city>{HAN}{{2,6}}?(?:自治州|市(?![场政民])))?"
    f"(?P<county>{HAN}{{1,7}}?(?:[县旗]|(?<![小社校园厂库片])区)(?![路街巷道桥]))?"
    f"(?P<town>{HAN}{{1,6}}?(?:街道|[镇乡])(?![路街巷道桥]))?"
)
DOOR = re.compile(rf"{HAN}{{2,}}.*\d(?:号(?!大?院)|室)")
BOUNDARY = tuple("省市县区旗镇乡村屯庄寨组社队道路街巷弄号院")

# What every work order says, and the small words that every caller says: they tell nothing of the matter.
BOILERPLATE = (
    "客户(?:再次|多次)?(?:来电|致电)?(?:反映|反应|投诉|咨询|催办|催问|表示|称|认为|要求|不满)|来电|再次|"
    "(?:请|要求|希望|麻烦)?(?:尽快|及时)?(?:派人|安排)?(?:核实|处理|解决|答复|回复|解释)|"
    "客户|反映|报修|投诉|要求|户号|工单|您?你好|喂|麻烦"
)
SMALL_WORDS = (
    "昨天|前天|今天|刚才|刚刚|上次|上回|上个?星期|上个?月|这个月|现在|早上|晚上|下午|上午|中午|你们|我们|我家|家里|家中|他们|自己|"
    "那个|这个|什么|怎么|为什么|是不是|有没有|能不能|到底|没人|有人|没有|还没|还是|一直|已经|突然|就是|不是|可以|时候|事情|"
    "[我你他她它们的了是在就都也还又很才吧呢吗啊呀么咧咋把被给跟和与及到去来说讲那这个有没不一]"
)
EMPTY_WORDS = re.compile(f"{BOILERPLATE}|{SMALL_WORDS}")
FIGURES = re.compile(r"[\d*]+")  # stars: a number that was masked
RUN = re.compile(r"[^\W_]+")
FEWEST = 6  # a text of fewer grams (停电 has three) is weighed as if it had so many: two words are no proof

Grams = frozenset[str]


@dataclass(frozen=True)
class Earlier:
    """An earlier ticket within the window, with what it shares with the new call; `topic_group` is the second level of the taxonomy or empty.

    Raises:
        InvalidInput: `received_at` has no zone.
    """

    number: str
    topic_group: str
    received_at: datetime
    text_grams: Grams
    is_same_customer: bool
    is_same_phone: bool
    is_same_address: bool

    def __post_init__(self) -> None:
        """Refuse a moment without a zone."""
        in_utc(self.received_at)


@dataclass(frozen=True)
class Repeat:
    """An earlier ticket about the same event, how alike the texts are (0–1), and why it is taken for the same, for people to read."""

    number: str
    likeness: float
    reason: str


def normal_address(address: str) -> str:
    """Give a power address (用电地址) in the one form in which equal places are equal strings: 柳荫路十二号 ３＃楼 501 is 柳荫路12号3栋501室.

    Half-width capitals, no blanks or signs but a dash between two figures; numbers of houses, units and rooms in digits; 号楼, 幢, 座 and # are 栋.
    A name keeps its numerals (五一路, 三里屯). What cannot be read stays as it is. The rules are ours (inferred).
    """
    text = unicodedata.normalize("NFKC", address).upper()
    text = re.sub(r"(?<=\d)[^\w#]+(?=\d)", "-", text)
    text = re.sub(r"(?!(?<=\d)-\d)[^\w#]|_", "", text)
    text = NAMED.sub(lambda match: match[1].translate(SPOKEN), TOLD.sub(_in_digits, text))
    for pattern, put in PARTS:
        text = pattern.sub(put, text)
    return text


def _in_digits(match: re.Match[str]) -> str:
    """A number that was told: counted (一百二十三), or read out digit by digit (五零一)."""
    told = match[1]
    hundreds, said, rest = told.rpartition("百")
    if not said and "十" not in told:
        return spelt(told)
    if said and len(rest) == 1:
        rest += "十"  # 一百二 is 120, 一百零二 is 102
    parts = count(hundreds or "1") if said else 0, count(rest.lstrip("零〇0") or "0")
    return match[0] if -1 in parts else str(parts[0] * 100 + parts[1])


def same_place(one: str, two: str) -> bool:
    """Say whether two addresses are one door: equal but for province, city, county or town that one of them leaves out.

    What they share must have a name and a door (号 or 室): a building, a compound or a villagers' group is many customers. Two that name
    different towns, or of which each names a level that the other leaves out, are not taken for one (inferred: a missed repeat costs less than
    a stranger's ticket).
    """
    (above, rest), (above_two, rest_two) = _split(normal_address(one)), _split(normal_address(two))
    short, long = sorted((rest, rest_two), key=len)
    before = long.removesuffix(short)
    if not DOOR.match(short) or not long.endswith(short) or (before and not before.endswith(BOUNDARY)):
        return False
    fewer, more = sorted((above, above_two), key=len)
    return all(level in more and _same_name(name, more[level]) for level, name in fewer.items())


def _split(address: str) -> tuple[dict[str, str], str]:
    """What the address says of province, city, county and town, and the rest; everything is the rest where that would have no name of its own."""
    match = LEVELS.match(address)
    if match and DOOR.match(address, match.end()):
        return {level: name for level, name in match.groupdict().items() if name}, address[match.end() :]
    return {}, address


def _same_name(one: str, two: str) -> bool:
    """Equal, or one with its city before it: 南京鼓楼区 is 鼓楼区, but 东城区 is not 城区."""
    short, long = sorted((one, two), key=len)
    return long.endswith(short) and len(long) - len(short) != 1


def grams(text: str) -> Grams:
    """Give what `likeness` compares: the one to three characters in a row of a text, without empty words, all numbers alike."""
    plain = FIGURES.sub("0", unicodedata.normalize("NFKC", text).lower())
    runs = RUN.findall(EMPTY_WORDS.sub(" ", plain))
    return frozenset(run[at : at + size] for run in runs for size in (1, 2, 3) for at in range(len(run) - size + 1))


def likeness(one: Grams, two: Grams) -> float:
    """Give 0–1: the share of the shorter text's grams that the other has too, so that a short second call is found in a long first one."""
    return len(one & two) / max(min(len(one), len(two)), FEWEST)


def alike(one: str, two: str) -> float:
    """Give 0–1, how far two texts of complaints are about the same thing; compare `grams` kept from before by `likeness`."""
    return likeness(grams(one), grams(two))


def repeats(text: str, group: str, earlier: Iterable[Earlier], *, threshold: float = LIKE_ENOUGH) -> tuple[Repeat, ...]:
    """Give the earlier tickets that a call repeats, the latest first.

    The same customer number, phone or address, AND the same second level of the taxonomy (`group`; empty where nothing is known) or texts
    alike to the threshold. The rule is ours (inferred); the window is the caller's (`repeat_window_days`).
    """
    own = grams(text)
    found = (_repeat(call, group, likeness(own, call.text_grams), threshold) for call in sorted(earlier, key=_age, reverse=True))
    return tuple(repeat for repeat in found if repeat)


def _age(call: Earlier) -> tuple[datetime, str]:
    return call.received_at, call.number


def _repeat(call: Earlier, group: str, score: float, threshold: float) -> Repeat | None:
    shared = ((call.is_same_customer, "户号"), (call.is_same_phone, "电话"), (call.is_same_address, "地址"))
    who = "、".join(name for is_shared, name in shared if is_shared)
    is_same_group = bool(group) and group == call.topic_group
    if not who or not (is_same_group or score >= threshold):
        return None
    return Repeat(call.number, score, f"同一{who}，{'同类诉求，' if is_same_group else ''}内容相似 {score:.2f}")
