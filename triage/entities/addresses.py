"""Addresses as they are said: a chain of parts, each a name and the word that says what it is (建设路 39 号院 5 号楼)."""

import re
from collections.abc import Iterator

from triage.entities.kinds import Entity, EntityKind

COUNT = "[0-9A-Za-z零〇一二三四五六七八九十百甲乙丙丁#]{1,6}"
NAMED = "[\u4e00-\u9fffA-Za-z0-9·]"
STOP = "我你他她它俺咱侬恁们的了是在喺有没这到去从把被跟给讲说住位于：让就也都和为及与叫请问对"
NAME = f"[^\\W_{STOP}]"
ADMIN = (
    ("province", f"{NAME}{{2,3}}(?:省|自治区)"),
    ("city", f"{NAME}{{2,5}}?(?:市(?!场|政|民|区|委|里|长)|州市?|盟(?=[^，。]))"),
    ("county", f"{NAME}{{1,5}}?(?:县(?!里|城|长|委|政)|自治县|新区|开发区|高新区|(?<![小片辖校厂景库])区(?!域|间|别|分|里|长|政))"),
    ("town", f"{NAME}{{1,6}}?(?:街道(?!办)|镇(?!政|长|里|上)|乡(?!政|长|里|亲|下|村)|苏木)"),
)
PLACES = (
    ("village", f"{NAME}{{1,6}}?(?:村(?!委|里|民|口|集|长|干|支|级|镇|电)|嘎查|屯(?!里|村)|庄(?!稼|子里|村)|寨(?!子里|村)|社区(?!服|医|工))"),
    ("group", "第?[0-9零一二三四五六七八九十]{1,3}(?:组|社|队|生产队|村民小组)"),
    (
        "road",
        f"{NAME}{{1,7}}?(?:大道|大街|街(?!道|坊|上|边|里|头)|胡同|巷(?!子)|弄(?!堂|里)|路(?!上|子|灯|线|由|径|过|边|口|面|人|况|费|堵|政|易))"
        "(?:[东西南北中][段路街]?|[0-9一二三四五六七八九十]{1,3}[段巷弄])?",
    ),
    (
        "number",
        "[0-9零一二三四五六七八九十百]{1,5}(?:弄|巷)[0-9零一二三四五六七八九十百甲乙]{1,5}(?:-[0-9]{1,3})?号?|附?[0-9零一二三四五六七八九十百]{1,5}"
        "(?:-[0-9]{1,3})?号(?!楼|线|台|变|表|杆|箱|机|柜|栋|码|桩|令|文|主)(?:大?院|附[0-9]{1,3}号)?",
    ),
    (
        "community",
        f"{NAME}{{2,12}}?(?:小区|花园|家园|新村|公寓|大厦|广场|产业园|工业园|科技园|园区|新城|名城|名邸|山庄|家属院|宿舍|大院|苑|公馆|华府|学府|豪庭|雅居|"
        "小镇|水岸|国际|中心|商城|市场|里小区)(?:小区)?(?:[A-Z东西南北][区院]|[一二三四五六七八九十0-9]{1,2}(?:期|区))?",
    ),
    ("building", f"(?<![，。])#?{COUNT}(?:号楼|栋|幢|座|#楼?)(?!表|线)"),
    ("unit", "[0-9零一二三四五六七八九十甲乙丙丁A-Z]{1,3}(?:单元|门(?=[0-9]))"),
    ("floor", "[0-9零一二三四五六七八九十]{1,3}(?:楼|层)"),
    (
        "room",
        "(?![0-9]{1,2}户)(?:[0-9]{2,5}|[0-9]{1,4}[A-Za-z][0-9]{0,4}|[A-Za-z](?:[0-9]{1,4}|(?=室))|[零一二三四五六七八九]{3,4}|[东西中]户)(?:号?室|房|号|户)?(?![0-9A-Za-z年月日时点:：.块元度伏个小分])",
    ),
)
TAIL = (
    f"(?:{NAME}{{2,10}}?(?:门口|对面|对过|旁边|隔壁|斜对面|北侧|南侧|东侧|西侧|门前|楼下|后门|正门)|"
    "(?:村|屯|庄|路|街)?[东西南北](?:头|口|侧|边)|交叉口|交汇处|路口|十字路口|[东西南北]?门口?(?![锁坏])|与[^，。]{2,6}(?:路|街)交[叉汇]口?处?|村口|中段)"
)
CHAIN = re.compile("".join(f"(?P<{name}>{pattern})?" for name, pattern in (*ADMIN, *PLACES)) + f"(?P<tail>{TAIL})?")
TRIGGER = re.compile("[省市县区镇乡村屯庄寨木查道街路巷弄同苑园厦场城邸府院栋幢座楼元组社队寓]")
# Greedy: up to the last one. No part of a chain holds ， or 。; W stands in texts made anonymous where a name was left out (W市).
BOUNDARY = re.compile(rf".*[，。W_{STOP}]", re.DOTALL)
DIGITS = "[0-9零〇一二三四五六七八九十两几]"
# A time before a place is none of its name: 昨晚八点开始|整个小区, 11月5日晚|小区, 2019年搬进|某某花园.
TIME = (
    f"{DIGITS}{{1,3}}(?:点|时|[:：][0-9]{{2}})(?:多|半|钟|整|左右|许|过|{DIGITS}{{1,3}}分?)*|{DIGITS}{{1,4}}年|{DIGITS}{{1,3}}月份?|{DIGITS}{{1,3}}[号日](?=早|晚|上午|下午|凌晨|中午|夜|起|开始|当天|那天)"
    f"|(?:周|星期|礼拜)[一二三四五六日天末]|[上下这本那]个?(?:周|星期|礼拜|月)|第{DIGITS}{{1,3}}[天次年]|{DIGITS}{{1,3}}(?:个多?)?(?:天|小时|钟头|分钟|月)(?:前|后|来|了|多)?"
    "|[去今明前后]年|[前昨今明后][天日晚夜早]|(?:大?清|大|一)早|早[上晨]|晚上|夜[里间]|半夜|深夜|傍晚|凌晨|[上中下]午"
)
VERBS = (
    "开始|以来|期间|突然|忽然|一直|已经|正在|全部|同时|以后|然后|之后|因为|由于|所以|导致|影响|另外|还有|包括|以及|不止|只有|就剩|除了|关于|解决|恢复|改造|更换|砸坏|压坏|"
    "投诉|咨询|查询|询问|平时|建议|请求|恳请|求助|要求|希望|告知|通知|发展|振兴|检查|经营|搬[进到]|走[进到]|开[进到]|回到|进(?=小区|村)|将(?=小区|村)|结合|造成"
)
LEAD = re.compile(
    f".*(?:(?:{TIME})(?:早|晚|中午|夜里?|的时候|开始|起|就|左右)?|{VERBS}|地址|家住|住址|住在|位于|来电|反映|客户|用户|诉求|报修|门牌|喂|门头|地点|今早|昨晚|今天|昨天|刚才|刚刚|现在|这里|反应|称|师傅|一下|你好|您好|就是|哎|啊|呀|嘛|吧|呢|那[个里边儿头条块家台根]|帮|派人|来看|辆|[一二两三四五六七八九十几]台)"
)
KIND = (
    "(?:小区|村|路|街|庄|寨|屯|镇|乡|县|市|区|大道|大街|巷|花园|公寓|大厦|广场|园区|工业园|产业园|新村|新城|宿舍|家属院|"
    "大院|苑|中心|市场|商城|国际|社区|胡同|山庄|路口|街道)"
)
# What anybody's place is called is no name, however much stands before it: 八点多整个|小区, 周边三个|村, 便民服务|中心 of a village.
ANYBODY = re.compile(
    f".*(?:整个?|同一个?|[每各哪某]个|{DIGITS}多?个自?然?|个自然|好多个?|(?<![前先奋跃])进|向|通过|回|移民|搬迁|保障房|专变|工业|上址|该址|很多|不少|多数|以来|全(?!村|庄|寨|屯|乡)|走错|找过?|将|赶上|交付|该|此外|这么多|么多|种新|阿拉|养殖|规范|检查称|新建|遗留|按规定|由|连同|移交|旁|合表|比老|附近|周边|周围|四周|隔壁|邻|老旧|破旧|城中|一带|左邻右舍的?){KIND}$|^(?:村|小区|社区|本村|本小区).{{0,8}}{KIND}$|^(.)\\1$"
)
GENERIC = re.compile(
    "^(?:[一二两三四五六七八九十几]?个)?(?:整个|全|本|该|各|每个?|某|一个|几个|隔壁|邻|老|旧|老旧|新|同一?|别|哪个?|城中|农|乡|自然|几|两个|三个|半个|大|小|外|马|公|铁|线|道|短|电|思|网|出|套|走|修|问|一|支|半|回|水|气|管|油|"
    "前|后|十字|高速公?|人行|十里八|下|上|进|小街|步行|商业|沿|临|门前|屋后|旁边|对面|什么|啥|好几个|多个|我们|供电|居民|住宅|高档|农村|乡村|学校|单位|超|菜|农贸|批发|服务|调度|指挥|客服|购物|商务|活动|体育|酒店式|长租|老年|校内|单身|拆迁房?|安置房?|回迁房?|高层|住宅|中|渔|移民|厂区|"
    f"附近|周边|一带|好几栋|整栋|全栋)?{KIND}$"
)
# 滨河小区 alone may be a place and 处理小区 none: it needs the beginning of a sentence, a time, or a word that a place follows before it.
CUE = re.compile("(?:^|[在住是于们为到：:点半早晚午夜天日起始。！？!?\\s】）)“])$")
STRONG = ("village", "community", "road", "town")


def find_addresses(text: str) -> Iterator[Entity]:
    """Give the addresses of a text to the street or closer; a place that anybody may mean (整个小区, 路上) is none."""
    at = 0
    while trigger := TRIGGER.search(text, at):
        start = max(at, _clause(text, trigger.start()))
        match = _chain(text, start, trigger.end())
        found = _address(match) if match else None
        if found:
            yield found
        at = match.end() if match else trigger.end()  # of 城中村, which is none, 中村 is no better


def _clause(text: str, at: int) -> int:
    """Where the clause begins that holds a character, but no further back than a name reaches."""
    start = max(at - 24, 0)
    for before in (BOUNDARY, LEAD):
        found = before.match(text, start, at)
        start = found.end() if found else start
    return start


def _chain(text: str, start: int, reach: int) -> re.Match[str] | None:
    """The longest chain that begins here or, where nothing does, further on before the trigger."""
    for begin in range(start, reach):
        match = CHAIN.match(text, begin)
        if match and match.end() >= reach:
            return match
    return None


def _address(match: re.Match[str]) -> Entity | None:
    parts = {name: value for name, value in match.groupdict().items() if value}
    named = [name for name in STRONG if name in parts and not (GENERIC.match(parts[name]) or ANYBODY.match(parts[name]))]
    small = [name for name in ("number", "building", "unit", "room", "group", "floor", "tail") if name in parts]
    if not named and not ("building" in parts and ("unit" in parts or "room" in parts)):
        return None
    if len(parts) == 1 and named[0] in ("road", "town"):
        return None
    if not small and len(parts) == 1 and named[0] == "community" and (len(match.group()) < 4 or not _is_cued(match)):
        return None
    return Entity(EntityKind.ADDRESS, match.group(), match.span(), match.group(), parts)


def _is_cued(match: re.Match[str]) -> bool:
    """Whether what stands before an estate that nothing follows lets it be one."""
    return not match.group().endswith("小区") or bool(CUE.search(match.string[max(match.start() - 1, 0) : match.start()]))
