"""Sellers that nobody has told us of, recognised by how they are named (…公司, …酒店, "from X", Xの発票)."""

import re

_ENDING = (
    r"(?:有限公司|公司|大酒店|酒店|宾馆|饭店|餐厅|饭馆|菜馆|火锅店?|超市|商场|百货|书店|药店|药房|加油站|旅行社|旅馆|客栈|"
    r"咖啡馆?|茶馆|面馆|照相馆|印刷厂|打印店|出行|打车|专车|民宿|公寓|物流|快印|文具店?|便利店|花店|烤肉店?|小馆)"
)
_CHINESE = re.compile(rf"[\u4e00-\u9fff()a-z0-9·]{{1,30}}?{_ENDING}")
_OPENED = re.compile(r"([\u4e00-\u9fffa-z0-9·]{2,24}?)(?:(?:给我们?|给公司)?开(?:给我们?)?(?:的|来的)|家的)")
# What stands before a name and is no part of it; a name is what is left behind the last of these.
_BOUNDARY = re.compile(
    r"帮我|给我|替我|麻烦|请问?|找一下|找找|找下|查一下|查查|查下|看一下|看看|看下|搜一下|列一下|列出|统计|导出|下载|提交|上传|我们|咱们|我司|你们|他们|"
    r"客户|供应商|对方|那家|这家|哪家|一家|某家|那个|这个|那张|这张|上次|上回|关于|有没有|还有|想要|所有|全部|因为|出差|报销|昨晚|晚上|中午|早上|住的?|吃的|"
    r"抬头|名称|开票|发票|税局|税务|系统|号码|代码|不到|没有|怎么|什么|不一致|一致|已经|可以|能不能|需要|"
    r"[我你他她它把将查找搜看要补重的了是叫张份笔几都只就又再从由在去到跟写改换填错票吗呢吧啊哦](?!家)|和(?!平|谐|记|美)|与|^给"
)
_NO_PART = re.compile(r"查|不|没|说|什么|怎么|哪|谁|多少|今|昨|去年|下个|发|票|税|钱|元|块|\d月")
_GENERIC_WORDS = (
    "公司 酒店 大酒店 宾馆 饭店 餐厅 饭馆 超市 商场 百货 书店 药店 加油站 旅行社 打印店 便利店 花店 咖啡 咖啡馆 火锅 火锅店 文具 文具店 "
    "物流 出行 打车 专车 民宿 公寓 有限公司 "
    "我们公司 咱们公司 你们公司 贵公司 本公司 总公司 分公司 子公司 母公司 对方公司 卖方公司 买方公司 开票公司 销售公司 客户公司 "
    "供应商公司 新公司 老公司 原公司 别的公司 其他公司 另一家公司 集团公司 关联公司 快递公司 物流公司 保险公司 航空公司 出租车公司 "
    "五星酒店 商务酒店 连锁酒店 网约车 客户 供应商 商家 卖家 对方 店家 酒店方 公司 大家 自己 代 补 新 人家 国家 专家 厂家 卖方 销售方 "
    "个人 财务 前台 他们 别人 部门 税局 税务局 老板 同事 滴滴打车费"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())
_CITY = (
    r"(?:Beijing|Shanghai|Shenzhen|Guangzhou|Suzhou|Hangzhou|Nanjing|Tianjin|Chengdu|Chongqing|Wuhan|Xi'?an|Xiamen|"
    r"Qingdao|Dalian|Ningbo|Hong Kong|Tokyo|Osaka|Singapore|China)"
)
_CAPITAL = r"(?:[A-Z][\w'.-]*|[a-z]?[A-Z]\w+)"
_PLACE_OR_UNIT = r"(?!\s+(?:plant|office|branch|team|department|dept|bureau|site|factory|side|project|trip|desk|tax|app|system))"
_ENGLISH = re.compile(
    rf"(?:\b(?:[Ff]rom|[Bb]y|at|the|did|The)\s+)({_CAPITAL}(?:\s+(?:(?:&|of|and|the)\s+)?[A-Z][\w'.-]*){{0,5}})\b{_PLACE_OR_UNIT}"
)
_OWNED = re.compile(
    r"\b([A-Z][\w'-]{2,}(?:\s+(?:&\s+)?[A-Z][\w'-]+){1,4})(?='s|\s+(?:invoice|fapiao|receipt|bill|one|ticket)s?\b)"
)
_ENGLISH_ENDING = (
    r"(?:hotel|inn|resort|restaurant|cafe|coffee|logistics|express|couriers?|cabs|travel|supermarket|stationery|"
    r"pharmacy|catering|printing|trading|bookshop|bookstore|hostel)"
)
_NAMED = re.compile(rf"\b((?:[A-Z][\w'&-]*\s+){{1,3}}(?i:{_ENGLISH_ENDING}))\b")
_SMALL = re.compile(
    rf"\b(?:from|by|at|the)\s+((?:[a-z][a-z'-]+\s+){{1,2}}{_ENGLISH_ENDING})(?=\s+(?:one|invoice|fapiao|receipt|bill)s?\b|\s*[,.?!]|\s*$)"
)
_SMALL_COMMON_WORDS = (
    "the a an my our your this that same last first second business airport nearby local conference for from at in on of "
    "and or no any some all another other big cheap best new old hotel travel coffee expensive client customer team lunch "
    "dinner train taxi office company paper special general digital electronic"
)
_SMALL_COMMON = frozenset(_SMALL_COMMON_WORDS.split())
_NO_NAME = re.compile(
    r"^(?:(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|"
    r"Thursday|Friday|Saturday|Sunday|WeChat|Telegram|PDF|OFD|XML|VAT|Q[1-4]|Jan|Feb|Mar|Piaoda|English|Chinese|Japanese|"
    r"Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|I|My|The|Finance|HR|IT|Tax|QR|Excel|Fapiao|Invoice|CEO|CFO|Accounting|AM|PM|ID|"
    rf"OK|STA|State|Golden|National|Special|General|Digital|Red)\b|{_CITY}$)"
)
_JAPANESE = re.compile(
    r"((?:[ァ-ヶー一-龠a-zA-Z0-9&・]{2,16}?)(?:会社|社|ホテル|旅館|商店|商会|タクシー|文具|書店|食堂|カフェ|レストラン|薬局|"
    r"スーパー|印刷|物流|交通|産業|工業|電機|ストア|マート))(?=から|の|で|が|に|、|\s|$)|([ァ-ヶー]{3,12})(?=(?:から|の)(?:発票|領収書|請求書|インボイス|分))|"
    r"(?:(?<=[の、 ])|^)([ぁ-ん]{2,6}(?:ホテル|旅館|商店|食堂|文具|書店|タクシー|カフェ|薬局|印刷|物流)|(?:ホテル|カフェ|レストラン|旅館)[一-龠ァ-ヶー]{2,6})"
    r"(?=から|の|で|が|に|、|\s|$)"
)
_JAPANESE_GENERIC_WORDS = (
    "タクシー ホテル レストラン カフェ スーパー コンビニ 会社 御社 弊社 当社 自社 貴社 我社 本社 支社 他社 グループ会社 取引先会社 "
    "インボイス デジタル タクシー会社 旅行会社 航空会社 運送会社 ビジネスホテル システム メール キャンセル オンライン ペーパー サイト "
    "ロール データ ファイル レシート フライト コピー スマホ アプリ サンプル"
)
_JAPANESE_GENERIC = frozenset(_JAPANESE_GENERIC_WORDS.split())
_JAPANESE_NO_PART = re.compile(
    r"^(?:この|その|あの|どの|いつもの)|^(?:今|先|昨|前|出張|新|同)(?:月|週|年|日|々|回|先)?|電子|発票|領収|専用|紙"
)


def find(folded: str, raw: str) -> tuple[int, int] | None:
    """(start, end) of a seller's name, or None. `folded` has what was understood blotted out; `raw` has not."""
    return _chinese(folded) or _english(folded, raw) or _japanese(folded, raw)


def _chinese(folded: str) -> tuple[int, int] | None:
    for pattern, shortest, group in ((_CHINESE, 3, 0), (_OPENED, 2, 1)):
        for match in pattern.finditer(folded):
            start, end = _behind_boundary(folded, match.start(group), match.end(group)), match.end(group)
            name = folded[start:end]
            if len(name) >= shortest and name not in _GENERIC and not _NO_PART.search(name):
                return start, end
    return None


def _behind_boundary(text: str, start: int, end: int) -> int:
    """Where the name begins: behind the last word that is no part of it."""
    place = start
    for found in _BOUNDARY.finditer(text, start, end):
        place = found.end()
    return place


def _english(folded: str, raw: str) -> tuple[int, int] | None:
    for pattern in (_ENGLISH, _OWNED, _NAMED):
        for match in pattern.finditer(raw):
            if not _NO_NAME.match(match[1]) and "\x00" not in folded[match.start(1) : match.end(1)]:
                return match.start(1), match.end(1)
    for match in _SMALL.finditer(folded):
        words = match[1].split()[:-1]
        if not _SMALL_COMMON.intersection(words):
            return match.start(1), match.end(1)
    return None


def _japanese(folded: str, raw: str) -> tuple[int, int] | None:
    for match in _JAPANESE.finditer(raw):
        group = match.lastindex or 1
        name, start, end = match[group], match.start(group), match.end(group)
        if name in _JAPANESE_GENERIC or _JAPANESE_NO_PART.search(name) or "\x00" in folded[start:end]:
            continue
        return start, end
    return None
