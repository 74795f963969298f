"""What the consent cells of a list say: words of four languages to codes, read once for each different cell."""

import re
import unicodedata
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from bulkmail.model import Text, say

LIVE = ("given", "reconfirmed")
AGAINST = ("refused", "withdrawn")
STATES = {
    "given": say("Given"),
    "reconfirmed": say("Confirmed again"),
    "requested": say("Asked for, not confirmed"),
    "refused": say("Refused consent"),
    "withdrawn": say("Withdrew consent"),
    "expired": say("Expired"),
    "": say("Nothing recorded"),
}
BASES = {
    "consent_express": say("Express consent"),
    "consent_implied": say("Implied consent"),
    "consent_implied_inquiry": say("Implied consent after an inquiry"),
    "soft_opt_in": say("Soft opt-in"),
    "contract": say("Contract"),
    "legal_obligation": say("Legal obligation"),
    "public_task": say("Public task"),
    "legitimate_interest": say("Legitimate interest"),
}
COLUMN, COLUMN_UNNAMED, ATTESTED = "column", "column, purpose not named", "attestation"
EVIDENCE = {
    COLUMN: say("A row of a list"),
    COLUMN_UNNAMED: say("A row of a list, purpose not named"),
    ATTESTED: say("An attestation for a whole list"),
    "form": say("A form the person filled in"),
    "link": say("A link the person followed"),
    "request": say("A request to us, handled by hand"),
    "rehearsal": say("A rehearsal"),
}
# How consent was collected; PRESUMED ones are no affirmative act.
METHODS = {
    "import": say("An uploaded list"),
    "attestation": say("An attestation"),
    "web_form": say("A form on the web"),
    "preference_page": say("The preference page"),
    "paper": say("A form on paper"),
    "phone": say("By telephone"),
    "in_person": say("In person"),
    "prechecked": say("A box that was ticked already"),
    "bundled": say("Bundled with something else"),
    "correction": say("Carried over from a corrected address"),
}
PRESUMED = ("prechecked", "bundled")
# What consent was given under, or covers beside its purpose; a law may ask for it.
CONDITIONS = {
    "sale": say("The address came with a sale or its negotiation"),
    "similar": say("Own similar products only"),
    "refusal_offered": say("A way to refuse was offered"),
    "first_use_notice": say("Told at first use that letters stop on request, free of charge"),
    "cross_border": say("Agreed that data leave the country"),
    "tracking": say("Agreed that opening is measured"),
    "confirmed": say("Confirmed through a link in a letter"),
}

_SAID = {
    "given": "yes, y, true, t, 1, 1.0, on, ok, ✓, ✔, ☑, ✅, agree, agreed, i agree, accept, accepted, consent, "
    "consented, i consent, opt-in, opt in, optin, opted in, opted-in, subscribe, subscribed, given, granted, "
    "confirmed, 是, 是的, 同意, 已同意, 我同意, 本人同意, 願意, 愿意, 我願意, 我愿意, 接受, 已接受, 訂閱, "
    "订阅, 已訂閱, 已订阅, 已確認, 已确认, sim, s, aceito, aceite, concordo, consinto, autorizo, autorizado, "
    "subscrito",
    "reconfirmed": "reconfirmed, re-confirmed, renewed, 再次確認, 再次确认, 重新確認, 重新确认, 重新同意, "
    "reconfirmado, renovado",
    "requested": "requested, pending, unconfirmed, not confirmed, awaiting confirmation, 待確認, 待确认, 未確認, "
    "未确认, 等待確認, 等待确认, pendente, por confirmar, não confirmado, nao confirmado",
    "refused": "no, n, false, f, 0, 0.0, off, refuse, refused, decline, declined, disagree, not agreed, "
    "do not contact, do not email, not subscribed, 否, 不, 不是, 不同意, 我不同意, 本人不同意, 未同意, 不願意, "
    "不愿意, 不接受, 拒絕, 拒绝, 已拒絕, 已拒绝, 未訂閱, 未订阅, 不訂閱, 不订阅, não, nao, recuso, recusado, "
    "não aceito, nao aceito, não autorizo, nao autorizo",
    "withdrawn": "withdraw, withdrawn, withdrew, revoked, unsubscribe, unsubscribed, opt-out, opt out, optout, "
    "opted out, opted-out, objected, 撤回, 已撤回, 撤銷, 撤销, 已撤銷, 已撤销, 退訂, 退订, 已退訂, 已退订, "
    "取消訂閱, 取消订阅, 已取消訂閱, 已取消订阅, 取消接收, 拒收, 已拒收, 反對, 反对, retirado, revogado, cancelado, "
    "cancelou, oposição, não subscrito, nao subscrito",
    "expired": "expired, lapsed, 過期, 过期, 已過期, 已过期, 失效, 已失效, expirado, caducado",
    "": "-, --, —, ?, n/a, na, nan, nil, null, none, unknown, ☐, 無, 无, 不詳, 不详, 未知, 無資料, 无资料, 不適用, "
    "不适用, desconhecido",
}
_GROUNDS = {
    "consent_express": ", express, explicit, express consent, explicit consent, consent, opt-in, opt in, "
    "double opt-in, double opt in, consent_explicit, 明示, 明示同意, 明確同意, 明确同意, 同意, 雙重確認訂閱, "
    "consentimento, consentimento expresso",
    "consent_implied_inquiry": "implied by an inquiry, implied by an enquiry, inquiry, enquiry, application, 查詢, "
    "查询, 申請, 申请, 報名查詢, pedido de informação, candidatura",
    "consent_implied": "implied, implied consent, inferred, 默示, 默示同意, 默許, 默许, consentimento implícito, "
    "implícito",
    "soft_opt_in": "soft opt-in, soft opt in, existing customer, 軟性同意, 软性同意",
    "contract": "contract, contractual, 合約, 合约, 合同, contrato",
    "legal_obligation": "legal obligation, law, 法律義務, 法律义务, obrigação legal",
    "public_task": "public task, public interest, 公共任務, 公共任务, 公共利益, interesse público",
    "legitimate_interest": "legitimate interest, legitimate interests, 正當利益, 正当利益, interesse legítimo",
}
_BOUGHT = re.compile(
    r"(?:purchased?|bought|rented|rental|appended|partner[_ ]unverified|購買|购买|購入|购入)"
    r"|.*\b(?:purchased|bought|rented|rental|appended|third[- ]party)\s+(?:\w+\s+)?"
    r"(?:lists?|data\w*|address\w*|e?-?mails?|contacts?|leads?)\b.*"
    r"|.*\b(?:scrap(?:ed|ing|er)|harvest(?:ed|ing|er)|crawl(?:ed|ing|er)|(?:data|list) brokers?)\b.*"
    r"|.*(?:爬取|爬蟲|爬虫|抓取|網上蒐集|網上收集|网上收集|買來|买来).*"
    r"|.*[購购買买租][買买用入]?的?(?:名單|名单|資料|数据|電郵|邮箱).*"
    r"|.*\b(?:lista|base) (?:comprada|alugada)\b.*"
)
_METHOD_WORDS = {
    "web_form": "web form, webform, web, website, online form, online, sign-up form, signup form, 網上表格, 网上表格, "
    "網頁, 网页, 線上表單, 网上报名, 網上報名, formulário web, formulário online",
    "preference_page": "preference page, preference centre, preference center, preferences, 偏好設定",
    "paper": "paper, paper form, signed form, 紙本, 纸本, 紙本表格, 書面, 书面, papel, formulário em papel",
    "phone": "phone, telephone, call, 電話, 电话, telefone",
    "in_person": "in person, event, booth, counter, 親身, 亲身, 現場, 现场, 攤位, presencial",
    "prechecked": "prechecked, pre-checked, pre checked, preticked, pre-ticked, pre ticked, opt-out box, default on, "
    "預先勾選, 预先勾选, 默認勾選, 默认勾选, 預設同意, pré-marcado, pré-selecionado",
    "bundled": "bundled, terms and conditions, with terms, tied, 綑綁, 捆绑, 捆綁同意, 隨條款同意, incluído nos termos",
}
_CONDITION_WORDS = {
    "sale": "sale, purchase, negotiation, 買賣, 购买, 購買, 交易, venda, compra",
    "similar": "similar, similar products, own similar products, 同類產品, 同类产品, produtos semelhantes",
    "refusal_offered": "refusal offered, opt-out offered, 已提供拒絕, 可拒收, recusa oferecida",
    "first_use_notice": "first use notice, first-use notice, first use, 首次使用通知, 首次使用告知",
    "cross_border": "cross border, cross-border, transfer abroad, 跨境, 跨境同意, 出境同意, "
    "transferência internacional",
    "tracking": "tracking, open tracking, measurement, 追蹤, 追踪, 開信追蹤, rastreio",
    "confirmed": "confirmed, double opt-in, double opt in, confirmed opt-in, 雙重確認, 雙重確認訂閱, confirmado",
}
_COUNTRY_WORDS = {
    "MO": "macau, macao, macau sar, macao sar, 澳門, 澳门",
    "HK": "hong kong, hongkong, hong kong sar, 香港",
    "CN": "china, mainland, mainland china, prc, 中國, 中国, 內地, 内地, 中國內地, 大陸, 大陆",
    "TW": "taiwan, 台灣, 臺灣, 台湾",
    "SG": "singapore, 新加坡, singapura",
    "CA": "canada, 加拿大, canadá",
    "FR": "france, 法國, 法国, frança",
    "GB": "uk, united kingdom, great britain, england, 英國, 英国, reino unido",
    "US": "usa, united states, 美國, 美国, estados unidos",
    "PT": "portugal, 葡萄牙",
}
_COUNTRY_OF_ENDING = {"uk": "GB"}
_COUNTRY_OF_DOMAIN = dict.fromkeys(("qq.com", "163.com", "126.com", "sina.com", "sohu.com", "aliyun.com"), "CN")
_NO_COUNTRIES = {"io", "ai", "co", "me", "tv", "cc", "eu", "to", "fm", "gg", "ly", "ws", "sh", "la", "vc", "im"}
_AROUND = " .,;!'。，；！\""


def _codes(words: Mapping[str, str]) -> dict[str, str]:
    """Each word to its code; a code stands for itself."""
    return {word.strip(): code for code, known in words.items() for word in (*known.split(","), code)}


def clean(cell: str) -> str:
    """A cell as words are compared: NFKC, case folded, single spaces, nothing around."""
    return " ".join(unicodedata.normalize("NFKC", cell).casefold().split()).strip(_AROUND)


def each(cells: pd.Series, read: Callable[[str], str]) -> pd.Series:
    """What `read` makes of each cell; it is asked once for each different cell."""
    codes, different = pd.factorize(cells)
    return pd.Series(pd.array([read(cell) for cell in different], dtype="str").take(codes), cells.index)


def first_of(holds: Mapping[str, pd.Series], otherwise: str) -> pd.Series:
    """For each row the first word that holds there, `otherwise` where none does."""
    place = np.select(list(holds.values()), range(len(holds)), len(holds))
    return pd.Series(pd.array([*holds, otherwise], dtype="str").take(place), next(iter(holds.values())).index)


def cells(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as it is, or blanks where the table has none."""
    return table[name] if name in table else pd.Series("", index=table.index, dtype="str")


_STATE_OF = {word.strip(): state for state, known in _SAID.items() for word in known.split(",")} | {"": ""}
_BASIS_OF, _METHOD_OF, _CONDITION_OF = _codes(_GROUNDS), _codes(_METHOD_WORDS), _codes(_CONDITION_WORDS)
_COUNTRY_OF = _codes(_COUNTRY_WORDS)


def state_of(cell: str) -> str:
    """The state a cell names, "" for one that says nothing, "unreadable" for one nobody can read."""
    return _STATE_OF.get(clean(cell), "unreadable")


def basis_of(cell: str) -> str:
    """The lawful basis a cell names, one of BASES; express consent for an empty one, unknown words as they are."""
    return _BASIS_OF.get(clean(cell), clean(cell)[:64])


def method_of(cell: str) -> str:
    """How consent was collected, one of METHODS; "import" where a cell says nothing that is known."""
    return _METHOD_OF.get(clean(cell), "import")


def conditions_of(cell: str) -> str:
    """The CONDITIONS that a cell names, apart by spaces, in their order; words that nobody knows are left out."""
    named = {_CONDITION_OF.get(clean(word)) for word in re.split(r"[;,，；、|\n]", cell)}
    return " ".join(code for code in CONDITIONS if code in named)


def country_of(cell: str) -> str:
    """The ISO 3166 code of the country a cell names; "" where it names none that is known."""
    word = clean(cell)
    return _COUNTRY_OF.get(word, word.upper() if re.fullmatch(r"[a-z]{2}", word) else "")


def country_of_domain(domain: str) -> str:
    """The country that the ending of a mail domain names, or "": a hint where nothing was said."""
    ending = domain.rpartition(".")[2]
    named = len(ending) == 2 and ending not in _NO_COUNTRIES
    return _COUNTRY_OF_DOMAIN.get(domain) or (_COUNTRY_OF_ENDING.get(ending, ending.upper()) if named else "")


def is_bought(source: str) -> bool:
    """Whether words about where an address comes from say: bought, rented, appended or harvested."""
    return _BOUGHT.fullmatch(clean(source)[:500]) is not None


def in_words(codes: Mapping[str, Text], code: str) -> Text:
    """The word for a code; the code itself where it has none."""
    return codes.get(code, Text("{code}", {"code": code}))
