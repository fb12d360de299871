"""Invented customers of the demo organisation: thousands, the same each time, none of whom can be a real person's record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from triage.customers import CustomerRecord
from triage.moments import in_shanghai
from triage.terms import Locality, Supply

HOW_MANY = 4000
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国文斌志新春雨欣子涵宇晨浩然佳怡思源"
FIRMS = ("超市", "餐馆", "理发店", "五金店", "水产行", "诊所", "宾馆", "服装厂", "加工厂", "养殖场", "物业服务中心", "农资站")
KEYS = ("低保户", "居家用呼吸机", "医院", "学校", "养老院", "供水厂", "通信机房", "孤寡老人")
BIG = ("医院", "学校", "养老院", "供水厂", "通信机房")  # a house with a transformer of its own (专变)


@dataclass(frozen=True)
class Area:
    """Where customers live: what addresses begin with, the unit, and what is found there."""

    place: str
    short: str
    unit_code: str
    locality: Locality
    share: int
    streets: tuple[str, ...]


AREAS = (
    Area("临江市滨河街道", "滨河", "330101", Locality.URBAN, 26, ("柳荫路", "济民路", "沿江大道", "梧桐街")),
    Area("临江市文昌街道", "文昌", "330101", Locality.URBAN, 22, ("学府巷", "文昌路", "书香街", "北门街")),
    Area("青溪县城关", "城关", "330102", Locality.URBAN, 12, ("解放路", "书院街", "南门路")),
    Area("青溪县柳河镇", "柳河", "33010201", Locality.RURAL, 9, ("上坝村", "下坝村", "河口村")),
    Area("青溪县石门乡", "石门", "33010202", Locality.REMOTE, 4, ("石门村", "云顶村", "松林村")),
    Area("海宁口市港城区", "港城", "330201", Locality.URBAN, 16, ("码头大道", "海关路", "渔港街")),
    Area("白沙县", "白沙", "330202", Locality.RURAL, 7, ("工业园三路", "白沙中路", "盐场路")),
    Area("白沙县渔湾镇", "渔湾", "33020201", Locality.REMOTE, 4, ("海角路", "灯塔村", "礁石村")),
)


def invented(now: datetime, how_many: int = HOW_MANY) -> Iterator[CustomerRecord]:
    """Give invented customers, the same for the same day; phones begin with 100, which no line in China does (mobiles begin with 13 to 19).

    About one in 40 is a key or sensitive customer, one in 50 is cut for arrears, one in 150 for another reason.
    """
    dice, today = Random(95598), in_shanghai(now).date()
    areas = dice.choices(AREAS, [area.share for area in AREAS], k=how_many)
    for number, area in enumerate(areas, start=1):
        yield _customer(dice, number, area, today)


def _customer(dice: Random, number: int, area: Area, today: date) -> CustomerRecord:
    key = dice.choice(KEYS) if dice.random() < 1 / 40 else ""
    supply = dice.choices(tuple(Supply), (147, 3, 1))[0] if not key else Supply.ON
    since = None if supply is Supply.ON else today - timedelta(days=dice.randrange(1, 60))
    is_firm = not key and dice.random() < 1 / 20
    return CustomerRecord(
        number=f"{area.unit_code[:4]}1{number:05d}",
        name=f"{area.place}第{dice.randrange(2, 20)}{key}" if key in BIG else _firm(dice, area) if is_firm else _person(dice),
        phone=f"1000{number:07d}",
        address=_address(dice, area),
        unit_code=area.unit_code,
        locality=area.locality,
        transformer_area="专变" if key in BIG else f"{area.short}{dice.randrange(1, 25):02d}台区",
        key_kind=key,
        supply=supply,
        supply_since_on=since,
    )


def _person(dice: Random) -> str:
    return dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2, 2))))


def _firm(dice: Random, area: Area) -> str:
    return f"{area.short}{''.join(dice.sample(GIVEN, 2))}{dice.choice(FIRMS)}"


def _address(dice: Random, area: Area) -> str:
    street = dice.choice(area.streets)
    if street.endswith("村"):
        return f"{area.place}{street}{dice.randrange(1, 13)}组{dice.randrange(1, 60)}号"
    house = f"{area.place}{street}{dice.randrange(1, 200)}号"
    return f"{house}{dice.randrange(1, 6)}单元{dice.randrange(1, 19)}{dice.randrange(1, 5):02d}" if area.locality is Locality.URBAN else house
