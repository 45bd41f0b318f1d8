"""Sellers that nobody has told us of, recognised by how they are named (…公司, …酒店, "from X", Xの発票)."""

import re

_ENDING = (
    r"(?:有限公司|公司|大酒店|酒店|宾馆|饭店|餐厅|饭馆|菜馆|火锅店?|超市|商场|百货|书店|药店|药房|加油站|旅行社|旅馆|客栈|"
    r"咖啡馆?|茶馆|面馆|照相馆|印刷厂|打印店|出行|打车|专车|民宿|公寓|物流|快印|文具店?|便利店|花店|烤肉店?|小馆)"
)
_CHINESE = re.compile(rf"[\u4e00-\u9fff()a-z0-9·]{{1,18}}?{_ENDING}")
_OPENED = re.compile(r"([\u4e00-\u9fffa-z0-9·]{2,10})(?:(?:给我们?|给公司)?开(?:给我们?)?(?:的|来的)|家的)")
_BEFORE = re.compile(
    r"^(?:帮我|给我|替我|麻烦|请|把|将|找一?下?|找找|查一?下?|查查|看一?下?|看看|搜一?下?|列一?下?|统计|导出|下载|我们?在|我们?|在|从|由|去|到|"
    r"跟|和|与|住的?|吃的?|那个|那家|这家|这个|一家|某|上次|上回|关于|有没有|还有|要|想要?|提交|上传|开|补|重|的|了|是|叫|张|份|笔|几|有|所有|全部|都|只|为|"
    r"因为|就|又|再|昨晚|晚上|中午|早上|出差|报销|发票|票|那|这|哪)+"
)
_GENERIC = frozenset(
    [
        "公司",
        "酒店",
        "宾馆",
        "饭店",
        "餐厅",
        "超市",
        "商场",
        "我们公司",
        "咱们公司",
        "你们公司",
        "贵公司",
        "本公司",
        "总公司",
        "分公司",
        "子公司",
        "母公司",
        "哪家酒店",
        "物流",
        "出行",
        "打车",
        "咖啡",
        "药店",
        "对方公司",
        "卖方公司",
        "开票公司",
        "销售公司",
        "客户公司",
        "供应商公司",
        "新公司",
        "别的公司",
        "其他公司",
        "专车",
        "火锅",
        "文具",
        "书店",
        "加油站",
        "旅行社",
        "打印店",
        "便利店",
        "百货",
        "公寓",
        "民宿",
        "花店",
    ]
)
_ENGLISH = re.compile(
    r"(?:\b(?:[Ff]rom|[Bb]y|issued by|billed by|at|the)\s+)((?:[A-Z][\w'.-]*|[a-z]?[A-Z]\w+)"
    r"(?:\s+(?:(?:&|of|and|the)\s+)?[A-Z][\w'.-]*){0,5})"
)
_OWNED = re.compile(
    r"\b([A-Z][\w'-]{2,}(?:\s+(?:&\s+)?[A-Z][\w'-]+){1,4})(?='s|\s+(?:invoice|fapiao|receipt|bill)s?\b)"
)
_NO_NAME = re.compile(
    r"^(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|"
    r"Thursday|Friday|Saturday|Sunday|WeChat|Telegram|PDF|OFD|XML|VAT|Beijing|Shanghai|Shenzhen|China|Q[1-4]|Jan|Feb|Mar|"
    r"Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|I|My|The|Finance|HR|IT)\b"
)
_JAPANESE = re.compile(
    r"((?:[ァ-ヶー一-龠a-zA-Z0-9&・]{2,16}?)(?:社|会社|ホテル|旅館|商店|商会|タクシー|文具|書店|食堂|カフェ|レストラン|薬局|"
    r"スーパー|印刷|物流|交通|産業|工業|電機|ストア|マート))(?=から|の|で|が|に|、|\s|$)|([ァ-ヶー]{3,12})(?=(?:から|の)(?:発票|領収書|請求書|インボイス|分))"
)
_JAPANESE_GENERIC = frozenset(
    [
        "タクシー",
        "ホテル",
        "レストラン",
        "カフェ",
        "スーパー",
        "コンビニ",
        "会社",
        "御社",
        "弊社",
        "当社",
        "自社",
        "グループ会社",
        "インボイス",
        "デジタル",
    ]
)


def find(folded: str, raw: str) -> tuple[int, int] | None:
    """(start, end) of a seller's name, or None. `folded` has what was understood blotted out; `raw` has not."""
    for match in _OPENED.finditer(folded):
        start = _after_lead(folded, match.start(1), match.end(1))
        if match.end(1) - start >= 2 and folded[start : match.end(1)] not in _GENERIC:
            return start, match.end(1)
    for match in _CHINESE.finditer(folded):
        start = _after_lead(folded, match.start(), match.end())
        if match.end() - start >= 3 and folded[start : match.end()] not in _GENERIC:
            return start, match.end()
    for pattern in (_ENGLISH, _OWNED):
        for match in pattern.finditer(raw):
            if not _NO_NAME.match(match[1]) and "\x00" not in folded[match.start(1) : match.end(1)]:
                return match.start(1), match.end(1)
    for match in _JAPANESE.finditer(raw):
        group = 1 if match[1] else 2
        if (
            match[group] not in _JAPANESE_GENERIC
            and "\x00" not in folded[match.start(group) : match.end(group)]
        ):
            return match.start(group), match.end(group)
    return None


def _after_lead(text: str, start: int, end: int) -> int:
    lead = _BEFORE.match(text[start:end])
    return start + lead.end() if lead else start
