"""Transformer areas (台区) as they are written: a name that ends in 台区, 公变, 箱变 …"""

import re
from collections.abc import Iterator

from triage.entities.kinds import Entity, EntityKind

SUFFIX = re.compile("台区|(?:公用变压器|公用变|公变|综合变|专变|箱变|台变|柱上变|配变|杆变|号变压器|号变)(?!器|压|电|化|成)")
BOUNDARY = re.compile("[^\\w#·-]|[_我你他她它俺咱们的了是在有没这那到从把被跟给讲说叫为属于该本各每和与个]")
REACH = 22
LEAD = re.compile(
    "^.*(?:台区|所属|名称|写着|客户|用户|反映|来电|门口|村口|附近|旁边|路边|楼下|隔壁|家里|小区里|喂|挂|接|由|称|称为|牌子上|上面|供电所|查)"
)
GENERIC = {"", "小区", "村里", "门口", "老", "新", "大", "小", "一个", "整个", "同一", "几个", "公用", "咱村", "全", "哪个", "什么", "地铁口"}
GENERIC |= {"户外", "路边", "楼下", "附近", "一", "两", "个", "和"}


def find_areas(text: str) -> Iterator[Entity]:
    """Give the transformer areas that a text names; 这个台区 names none."""
    since = 0
    for suffix in SUFFIX.finditer(text):
        start = max(since, suffix.start() - REACH)
        name = text[start : suffix.start()]
        cut = max((m.end() for m in BOUNDARY.finditer(name)), default=0)
        lead = LEAD.match(name[cut:])
        start += cut + (lead.end() if lead else 0)
        if text[start : suffix.start()] not in GENERIC:
            words = text[start : suffix.end()]
            yield Entity(EntityKind.TRANSFORMER_AREA, words, (start, suffix.end()), words)
        since = suffix.end()
