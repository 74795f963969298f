"""Who may do what: roles from the sign-in or our table, and the second person."""

import pytest

from bulkmail.roles import Role, may, needs_second_person, person_of, role_of

ANA = {"sub": "u1", "email": "Ana@Example.edu", "email_verified": True}


def test_a_verified_address_names_a_person_in_small_letters():
    assert person_of(ANA) == "ana@example.edu"


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_the_provider_does_not_vouch_for_names_nobody(verified):
    assert person_of(ANA | {"email_verified": verified}) == "u1"


def test_the_higher_of_claim_and_table_counts():
    assert role_of(ANA | {"groups": ["staff", "author"]}, "groups", {"ana@example.edu": "viewer"}) is Role.AUTHOR
    assert role_of(ANA | {"groups": "viewer"}, "groups", {"ana@example.edu": "approver"}) is Role.APPROVER


@pytest.mark.parametrize("said", [None, "", "admin", ["root"], {"approver": 1}, 7])
def test_without_a_known_word_nobody_has_a_role(said):
    assert role_of(ANA | {"groups": said}, "groups", {}) is None


def test_each_role_may_do_what_those_below_it_may():
    allowed = {role: [needed for needed in Role if may(role, needed)] for role in (None, *Role)}
    assert [len(allowed[role]) for role in (None, *Role)] == [0, 1, 2, 3]


def test_a_second_person_is_needed_above_the_number_and_only_where_people_sign_in():
    assert needs_second_person(501, 500, people_sign_in=True)
    assert not needs_second_person(500, 500, people_sign_in=True)
    assert not needs_second_person(501, 500, people_sign_in=False)
