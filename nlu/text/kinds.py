"""Kinds and states of invoices that a sentence names (票种, 状态)."""

import re
from collections.abc import Mapping

# Longer words first inside a pattern: "电子专票" names two kinds.
_KINDS: Mapping[str, str] = {
    "special": r"专票|专用票|专用发票|专用的|増值税専用|専用発票|专用発票|專票|special (?:vat )?(?:invoice|fapiao|one|ticket)s?|special vat|vat special|\bspecials?\b(?! (?:case|reason|request))",
    "general": r"普票|普通票|普通发票|普通電子|普通発票|普通発票|general (?:vat )?(?:invoice|fapiao|one)s?|ordinary (?:vat )?(?:invoice|fapiao|one)s?|normal (?:vat )?(?:invoice|fapiao)s?|一般発票",
    "digital": r"数电票?|全电票?|数字化电子|数字化的?电子|全面数字化|fully[- ]digital(?:ized|ised)?|digital (?:invoice|fapiao|one)s?|デジタル(?:発票|インボイス)?|数電票?|全電",
    "electronic": r"电子(?:版|档)?(?:的)?(?:普通|专用|增值税)?(?:发票|票|专票|普票)|电子(?:版|的)(?!邮)|(?<!数)电票|電子(?:発票|领收|領収|インボイス|票|版)|电子発票|电子领収|e-?(?:invoice|fapiao)s?|electronic (?:invoice|fapiao|one|vat|special|general)s?|electronic",
    "paper": r"纸质(?:版|的)?(?:发票|票)?|纸的|纸票|纸版|纸张|紙(?:の|质|質|媒体)?(?:発票|领収書|領収書)?|paper|hard ?cop(?:y|ies)",
    "train": r"火车票?|高铁票?|动车票?|铁路(?:电子)?(?:客票|发票|票)?|\btrains?\b|railway|rail\b|high[- ]speed rail|新干线|新幹線|高速鉄道|高铁|列车(?:券|票)|鉄道|铁道",
    "flight": r"飞机票?|机票(?:行程单)?|航空(?:行程单|电子客票|运输)?|机票|行程单(?=.{0,4}(?:机|航))|air ?(?:ticket|fare|line)s?|flights?|plane tickets?|航空券|飛行機|飞行机|フライト|e-ticket itinerar(?:y|ies)",
    "taxi": r"出租车?票?|的士票?|打的票?|打车票?|taxi|\bcab\b|タクシー|计程车票?",
    "toll": r"过路费?票?|过桥费|通行费|高速费|高速(?:公路)?票|etc票?|高速代|高速料金|通行料(?:金)?|路桥费|\btolls?\b|highway",
    "roll": r"卷票|卷式|卷筒票?|roll(?:ed)? (?:invoice|fapiao|type|ticket)s?|ロール(?:紙|型|式)?",
    "quota": r"定额(?:发票|票)?|定額(?:発票|票)?|定额|quota (?:invoice|fapiao)s?|fixed[- ](?:amount|value|quota) (?:invoice|fapiao)s?|quota",
}
_STATUSES: Mapping[str, str] = {
    "unreimbursed": r"(?:还|尚|都|仍)?(?<!有)(?:没有?|未)(?:来得及)?报(?:销|账|掉|过|上)?(?:的)?(?!到|名|告|错)|未报销|unreimbursed|un-?claimed|not (?:yet )?(?:been )?(?:reimbursed|claimed|expensed)|haven'?t (?:been )?(?:reimbursed|claimed|expensed)|未精算|精算して(?:い)?ない|精算してない|まだ精算|未清算",
    "reimbursed": r"已报销?(?:的|过)|已经?报(?:销|掉|完|过)了?的|报销?(?:过|掉|完)了?的|已报销(?!了?[吗没么])|already reimbursed|reimbursed(?= (?:ones|invoice|fapiao))|\bwere reimbursed|精算済み?|精算した(?:発票|もの|分)",
    "reviewing": r"审核中|审批中|在审(?:核|批)?(?!吗|么|呢)|待审(?:核|批)?|正在审|处理中的|under review|in review|(?:still )?pending(?: approval| review)?|awaiting approval|being reviewed|审査中|審査中|承认待ち|承認待ち|確認中|审核ing",
    "rejected": r"被?(?:退回|驳回|打回|退)(?:来)?(?:的|了的)|被(?:退回|驳回|打回|退了|拒)|驳回|退回来|rejected|sent back|bounced|turned down|declined|却下(?:された)?|差し?戻(?:し|された)?|驳回",
    "voided": r"已?作废(?:了|掉|过)?的|已作废|voided|cancell?ed (?:ones|invoices?|fapiaos?)|无效(?:的|发票)|無効(?:になった|の|化された)|作废済",
    "red": r"已?(?:红冲|冲红)(?:了|过|掉)?的|已(?:红冲|冲红)|(?:红冲|冲红)过|红字的|red[- ]letter(?:ed)? (?:ones|invoices?|fapiaos?)|reversed (?:ones|invoices?|fapiaos?)|赤字(?:発票)|赤伝(?:済み?|の)",
    "unverified": r"(?:还)?(?:没有?|未)(?:查验|验真|验证|验)(?:过)?的?|unverified|not (?:yet )?(?:been )?verified|haven'?t (?:been )?verified|未(?:確認|查验|検証|验证|照合)",
    "abnormal": r"异常(?:的|发票|票)?|失控|有问题的(?:发票|票)|abnormal|flagged|异常な?|異常な?",
    "issuing": r"开票中|正在开(?:票|具)?|开具中|being issued|still issuing|in issuance|発行中|发行中|発行処理中",
}


def _compiled(words: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    from nlu.text.fold import fold

    return tuple((name, re.compile(fold(pattern))) for name, pattern in words.items())


class Vocabulary:
    """Names for patterns; compiled when first asked."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self.names = frozenset(words)
        self._patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, name) of every word in folded text, by place."""
        self._patterns = self._patterns or _compiled(self._words)
        found = [
            (match.start(), match.end(), name)
            for name, pattern in self._patterns
            for match in pattern.finditer(text)
        ]
        return sorted(found)


# "Is it reimbursed already?" asks for a state and is no filter; so is "how do I issue a red-letter invoice".
_ASKED_AFTER = re.compile(
    r"(?:中|ing)?\s*(?:了|过|的?)\s*(?:吗|嘛|么|没有?(?!报)|不|呢|吧\?)|(?:です|でしょう|ます|て(?:い)?ます)?か(?:な|ね)?(?:[?.。!]|$)|のかな|でしょうか"
)
_ASKED_BEFORE = re.compile(
    r"(?:是不是|是否|有没有|会不会)[^,.?!]{0,8}$|"
    r"(?:^|[,.;?!]\s*|\b(?:if|whether|and|but)\s+)(?:was|is|has|were|are|have|did|will|can)"
    r" (?:it|this|that|they|these|those|(?:the|my|our) [^,.?!]{1,40}?)(?: (?:already|been|still|yet|one|not))*\s*$"
)
_HOW = re.compile(
    r"\bhow (?:do|to|can|should|would|does)\b|\bissue (?:a|an|the)\b|出し方|やり方|作り方|手顺|方法|怎么|怎样|如何|咋|流程|発行した|発行する|切り方|procedure"
)


def is_asked(text: str, start: int, end: int, name: str) -> bool:
    """Whether the state at that place of folded text is the question and not a filter."""
    if name == "red" and _HOW.search(text):
        return True
    if _ASKED_AFTER.match(text, end) is not None:
        return True
    return _ASKED_BEFORE.search(text, max(0, start - 60), start) is not None


KINDS = Vocabulary(_KINDS)
STATUSES = Vocabulary(_STATUSES)
