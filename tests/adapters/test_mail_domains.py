"""The domains of a list, asked on loopback: only proof says that one cannot receive."""

from bulkmail.adapters import mail_domains
from tests.conftest import in_own_loop
from tests.dns_server import serving_dns


def test_only_proof_says_that_a_domain_cannot_receive():
    zone = """
    mx.test        MX    10 a.mx.test
    address.test   A     192.0.2.1
    six.test       AAAA  2001:db8::1
    null.test      MX    0 .
    text.test      TXT   hello
    silent.test    SILENT
    broken.test    SERVFAIL
    lame.test      LAME
    long.test      MX    10 a.mx.test
    long.test      TRUNCATED
    alias.test     CNAME mx.test
    部門.test       MX    10 a.mx.test
    """.replace("部門", "部門".encode("idna").decode())
    no_names = ["a..b", "x" * 64 + ".test", ""]
    domains = ["mx.test", "address.test", "six.test", "null.test", "text.test", "gone.test", "silent.test",
               "broken.test", "lame.test", "long.test", "alias.test", "部門.test", "mx.test", *no_names]  # fmt: skip
    with serving_dns(zone) as server:
        verdicts = mail_domains.mail_domains(domains, resolver=server.address, seconds=1.5)
    assert verdicts == {
        "mx.test": "receives", "address.test": "receives", "six.test": "receives", "部門.test": "receives",
        "long.test": "receives", "alias.test": "receives",
        "null.test": "cannot", "text.test": "cannot", "gone.test": "cannot",
        "silent.test": "unknown", "broken.test": "unknown", "lame.test": "unknown",
        **dict.fromkeys(no_names, "unknown"),
    }  # fmt: skip


def test_each_distinct_domain_is_asked_once():
    with serving_dns("mx.test MX 10 a.mx.test") as server:
        mail_domains.mail_domains(["mx.test"] * 50, resolver=server.address)
        assert server.asked == [("mx.test", "MX")]


def test_what_is_not_answered_in_time_stays_unknown():
    silent = [f"d{number}.test" for number in range(20)]
    with serving_dns("\n".join(f"{name} SILENT" for name in silent)) as server:
        verdicts = mail_domains.mail_domains(silent, resolver=server.address, in_flight=2, seconds=5, within=0.1)
        assert len(set(server.asked)) == 2  # no more than that many at once
    assert set(verdicts.values()) == {"unknown"}


def test_it_works_where_a_loop_is_already_running():
    async def in_a_notebook(address):
        return mail_domains.mail_domains(["mx.test"], resolver=address)

    with serving_dns("mx.test MX 10 a.mx.test") as server:
        assert in_own_loop(in_a_notebook(server.address)) == {"mx.test": "receives"}
