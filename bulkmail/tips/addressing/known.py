"""What is known of names: mailbox providers, real, reserved and throw-away domains, mailboxes of a function."""

from disposable_email_domains import blocklist


def names_in(text: str) -> tuple[str, ...]:
    """The words of a text, each a name."""
    return tuple(text.split())


PROVIDERS = names_in("""
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com aol.com gmx.com
    proton.me protonmail.com zoho.com mail.com yandex.com sapo.pt hotmail.co.uk yahoo.co.uk yahoo.co.jp
    qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net 139.com 189.cn sina.com sina.cn sohu.com aliyun.com
    yahoo.com.hk hotmail.com.hk netvigator.com hku.hk connect.hku.hk cuhk.edu.hk link.cuhk.edu.hk ust.hk polyu.edu.hk
    cityu.edu.hk hkbu.edu.hk eduhk.hk yahoo.com.tw hinet.net pchome.com.tw
    um.edu.mo connect.um.edu.mo mpu.edu.mo must.edu.mo cityu.edu.mo usj.edu.mo utm.edu.mo macau.ctm.net ctm.net
""")
# Relays that hide a person's address and forward to it: never a typo, never throw-away.
PRIVACY_RELAYS = names_in("""
    privaterelay.appleid.com duck.com mozmail.com relay.firefox.com simplelogin.com simplelogin.co simplelogin.fr
    aleeas.com slmail.me slmails.com silomails.com passmail.net passmail.com passinbox.com anonaddy.com anonaddy.me
    addy.io mailer.me erine.email
""")
# Real names one slip away from a provider: universities, companies and mailbox providers.
REAL_DOMAINS = names_in("""
    um.edu.my um.edu.mt um.edu.mx ipm.edu.mo iftm.edu.mo must.edu.my must.edu.mn hkmu.edu.hk ouhk.edu.hk lu.edu.hk
    ln.edu.hk ust.edu hkust.hk hmail.com email.com fmail.com rmail.com gol.com y7mail.com gmx.net gmx.de gmx.co.uk
    gmail.fr live.cn live.hk live.co live.it live.fr msn.cn yahoo.cn yahoo.com.cn yahoo.com.sg yahoo.com.my yahoo.com.ph
    yahoo.com.vn yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx yahoo.com.tr yahoo.co.kr yahoo.co.id yahoo.co.in
    yahoo.co.nz q.com me.com qq.net 188.com 135.com 136.com 263.com 263.net 263.net.cn 21cn.com sia.cn sina.com.cn
    sina.net vip.163.com aim.com pm.me rocketmail.com hotmail.com.tw hotmail.com.br hotmail.co.jp hotmail.co.th
    ao.com aon.com bol.com uol.com cloud.com gm.com gmc.com hive.com jive.com life.com line.com love.com olive.com
    main.com mall.com man.com ms.com msc.com msd.com msi.com mtn.com qa.com qz.com iq.com sino.com inet.net 123.com
    128.com 138.com 168.com soho.com sify.com
""")
RESERVED_DOMAINS = ("example", "example.com", "example.org", "example.net", "test.com")
NEVER_MAILED_ROLES = ("abuse", "hostmaster", "noc", "postmaster", "security")
ROLES = NEVER_MAILED_ROLES + names_in("""
    accounting accounts admin administrator admissions alumni apoio bangongshi billing biblioteca booking career careers
    comercial contact contacto contato customerservice donotreply editor enquiries enquiry events feedback finance ftp
    geral hello help helpdesk hr info informacoes inquiries inquiry jobs kefu library mail mailer-daemon marketing media
    news newsletter no-reply noreply office orders press pr reception recruitment recursoshumanos registry root sales
    secretaria secretariat secretary service services staff subscribe suporte support team unsubscribe usenet uucp
    vendas webmaster www xinwen zhaopin zhaosheng
""")
# Gmail ignores dots (https://support.google.com/mail/answer/7436150); all of these ignore what follows a plus.
DOTLESS_DOMAINS = ("gmail.com", "googlemail.com")
TAGGED_DOMAINS = DOTLESS_DOMAINS + names_in("""
    outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com proton.me protonmail.com fastmail.com
""")


def is_listed_as_disposable(domain: str) -> bool:
    """Whether a domain, or one above it, is on the list of throw-away domains; what is known to be real is not."""
    labels = domain.split(".")
    return not _DISPOSABLE.isdisjoint(".".join(labels[start:]) for start in range(len(labels) - 1))


_DISPOSABLE = frozenset(blocklist).difference(PROVIDERS, REAL_DOMAINS, PRIVACY_RELAYS)
