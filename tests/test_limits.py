from bulkmail import limits


def test_every_limit_names_its_unit_its_source_and_the_day_it_was_read():
    known = limits.every_limit()
    assert known["CONSENT_VALID_MONTHS"] is limits.CONSENT_VALID_MONTHS
    assert all(limit.unit and limit.read_on for limit in known.values())
    assert all(limit.source == limits.HOUSE or limit.source.startswith("http") for limit in known.values())
