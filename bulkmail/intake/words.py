"""What lists call things, in English, Chinese (both scripts) and Portuguese; read by `headers`."""

FIELD_WORDS = {
    "address": """email; e-mail; mail; e-mails; email address; mail address; primary email; contact email; your email;
        recipient email; email id; 電郵; 電郵地址; 電郵信箱; 電郵帳號; 電子郵件; 電子郵件地址; 電子郵箱; 電子郵箱地址;
        電子信箱; 電子郵址; 郵箱; 郵箱地址; 郵件; 郵件地址; 信箱; 收件地址; 邮箱; 邮箱地址; 电子邮件; 电子邮件地址;
        电子邮箱; 电子邮箱地址; 邮件; 邮件地址; 电邮; 电邮地址; 电子信箱; correio eletrónico; correio electrónico;
        correio eletrônico; endereço de email; endereço de e-mail; endereço eletrónico; endereço de correio eletrónico;
        endereço electrónico""",
    "name": """name; full name; contact name; display name; recipient name; member name; student name; your name;
        chinese name; english name; 姓名; 名字; 全名; 中文姓名; 英文姓名; 外文姓名; 收件人; 收件人姓名; 聯絡人;
        聯絡人姓名; 會員姓名; 學生姓名; 校友姓名; 联系人; 联系人姓名; 会员姓名; 学生姓名; nome; nome completo;
        nome do contacto""",
    "given_name": """first name; given name; given names; forename; 名; nome próprio; primeiro nome""",
    "family_name": """last name; surname; family name; 姓; 姓氏; apelido; apelidos; sobrenome; último nome""",
    "title": """title; salutation; honorific; courtesy title; form of address; 稱謂; 稱呼; 尊稱; 称谓; 称呼; 尊称;
        título; tratamento; forma de tratamento""",
    "language": """language; lang; locale; preferred language; language preference; correspondence language; 語言;
        語文; 首選語言; 偏好語言; 通訊語言; 語言偏好; 使用語言; 语言; 语文; 首选语言; 偏好语言; 通讯语言; 语言偏好;
        使用语言; idioma; língua; idioma preferido; língua preferida; idioma de preferência""",
    "consent": """consent; consent given; consent status; marketing consent; email consent; opt-in; opted in;
        opt-in status; subscribed; subscription; subscription status; agree; agreed; permission; newsletter; 同意;
        是否同意; 同意與否; 同意接收; 同意接收電郵; 同意接收資訊; 同意接收訊息; 是否同意接收; 同意狀態; 訂閱; 是否訂閱;
        訂閱狀態; 接收電郵; 是否接收; 同意接收邮件; 同意接收信息; 同意状态; 订阅; 是否订阅; 订阅状态; consentimento;
        consente; autorização; autoriza; subscrito; subscrição; aceita; aceito; concorda""",
    "consent_at": """consent date; consent time; consent at; consented at; consented on; date of consent;
        consent timestamp; opt-in date; opt-in time; opted in at; subscribed at; subscribed on; subscription date;
        date subscribed; agreed at; agreed on; 同意日期; 同意時間; 訂閱日期; 訂閱時間; 授權日期; 同意时间; 订阅日期;
        订阅时间; 授权日期; data de consentimento; data do consentimento; data de subscrição; data da subscrição;
        data de autorização; data da autorização""",
    "consent_source": """consent source; source of consent; source; opt-in source; signup source; sign-up source;
        collected via; 來源; 同意來源; 訂閱來源; 取得方式; 收集方式; 登記途徑; 来源; 同意来源; 订阅来源; 登记途径;
        origem; fonte; origem do consentimento; fonte do consentimento""",
    "consent_basis": """consent basis; basis; lawful basis; legal basis; 依據; 合法依據; 法律依據; 正當性; 依据;
        合法依据; 法律依据; 正当性; base legal; base jurídica; fundamento; fundamento jurídico""",
    "consent_purpose": """consent purpose; purpose; purposes; 目的; 用途; 同意目的; 使用目的; finalidade; finalidades;
        propósito""",
    "consent_wording": """consent wording; wording; consent text; consent statement; notice; notice version;
        privacy notice version; 同意聲明; 同意條款; 聲明版本; 條款版本; 同意書版本; 同意声明; 同意条款; 声明版本;
        条款版本; texto do consentimento; versão do texto; declaração de consentimento""",
    "consent_method": """consent method; method of consent; collection method; how collected; collected how; 同意方式;
        取得同意方式; 收集方法; 登記方法; 同意方法; método de recolha; forma de recolha""",
    "consent_country": """consent country; country; country code; jurisdiction; country or region; 國家; 國家或地區;
        國家/地區; 地區; 司法管轄區; 国家; 国家或地区; 国家/地区; 地区; país; país ou região; jurisdição""",
    "consent_conditions": """consent conditions; conditions of consent; conditions; 同意條件; 附帶同意; 同意条件;
        附带同意; condições; condições do consentimento""",
}  # fmt: skip
LANGUAGE_WORDS = {
    "zh-Hant": """zh; zh-Hant; zh-TW; zh-HK; zh-MO; zh-Hans; zh-CN; zho; chi; cn; tc; sc; cht; chs; chinese;
        traditional chinese; chinese traditional; simplified chinese; chinese simplified; cantonese; mandarin;
        putonghua; 中; 中文; 華語; 华语; 漢語; 汉语; 國語; 国语; 繁中; 繁體; 繁体; 繁體中文; 繁体中文; 中文繁體;
        正體中文; 簡中; 简中; 簡體; 简体; 簡體中文; 简体中文; 中文简体; 粵語; 粤语; 廣東話; 广东话; 普通話; 普通话;
        chinês; chinesa; chinês tradicional; chinês simplificado; cantonês; mandarim""",
    "en": """en; en-US; en-GB; en-HK; eng; english; 英; 英文; 英語; 英语; inglês; inglesa""",
}  # fmt: skip
