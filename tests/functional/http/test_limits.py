"""Rate limits: per guest, per network and in total; generous to networks that many people share."""

import time

import pytest

from ...factories import PASSWORD, Admin, Customer

# Limits per day: a limit per minute would change when the minute does during a test.
A_DAY = 24 * 3600


def too_many(answer):
    """Return whether an answer is the refusal of a rate limit."""
    assert answer.status_int == 429
    assert answer.json["error"]["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= A_DAY


def test_a_guest_who_writes_too_fast_is_told_to_wait_and_nothing_is_lost(boot, new_customer):
    wsgi = boot(limit_guest_sends="3/day")
    ann, bob = new_customer(wsgi), new_customer(wsgi)
    ann.starts("one")
    ann.sends("two")
    ann.sends("three")
    too_many(ann.sends("four", status=429))
    assert ann.sees() == ["one", "two", "three"]
    bob.starts("hello")
    bob.sends("others are not held up")


def test_a_guest_who_waits_as_told_may_continue(boot, new_customer):
    ann = new_customer(boot(limit_guest_sends="1/2seconds"))
    ann.starts("one")
    told = ann.sends("two", "c2", status=[201, 429])
    if told.status_int == 429:
        wait = int(told.headers["Retry-After"])
        assert 1 <= wait <= 4
        time.sleep(wait)
        ann.sends("two", "c2", status=201)
    assert ann.sees() == ["one", "two"]


def test_a_message_in_a_start_counts_too(boot, new_customer):
    ann = new_customer(boot(limit_guest_sends="2/day"))
    for n in range(2):
        ann.starts(f"message {n}")
    too_many(ann.starts("one more", status=429))
    ann.starts()


def test_a_network_has_its_own_limit(boot, new_customer):
    wsgi = boot(limit_network_sends="4/day")
    people = [new_customer(wsgi) for _ in range(4)]
    for each in people:
        each.starts("hi")
    too_many(people[0].sends(status=429))
    elsewhere = Customer(wsgi, address="198.51.100.77")
    elsewhere.starts("hi")


def test_all_guests_together_have_a_limit(boot):
    wsgi = boot(limit_all_sends="3/day")
    for n in range(3):
        Customer(wsgi, address=f"203.0.113.{n}").starts("hi")
    too_many(Customer(wsgi, address="198.51.100.1").starts("hi", status=429))


def test_new_conversations_are_limited_but_continuing_one_is_not(boot, engine):
    from ...databases import rows

    wsgi = boot(limit_network_starts="2/day")
    first = Customer(wsgi)
    first.starts("hi")
    Customer(wsgi).starts("hi")
    too_many(Customer(wsgi).starts("hi", status=429))
    assert len(rows(engine, "SELECT id FROM guests")) == 2
    first.starts("again")
    Customer(wsgi, address="2001:db8::1").starts("hi")


def test_all_guests_together_may_start_only_so_many_conversations(boot):
    wsgi = boot(limit_all_starts="2/day")
    for n in range(2):
        Customer(wsgi, address=f"203.0.113.{n}").starts()
    too_many(Customer(wsgi, address="203.0.113.9").starts(status=429))


def test_an_ipv6_household_is_one_network_however_many_addresses_it_has(boot):
    wsgi = boot(limit_network_starts="2/day")
    Customer(wsgi, address="2001:db8:1:2::1").starts()
    Customer(wsgi, address="2001:db8:1:2:ffff::9").starts()
    too_many(Customer(wsgi, address="2001:db8:1:2:3:4:5:6").starts(status=429))
    Customer(wsgi, address="2001:db8:1:3::1").starts()


def test_the_limits_of_a_network_suffice_for_an_office(wsgi):
    people = [Customer(wsgi) for _ in range(25)]
    for each in people:
        each.starts("hi")
        each.sends("and more")


@pytest.mark.parametrize("header", ["198.51.100.1", "198.51.100.2", "10.0.0.1, 198.51.100.3"])
def test_without_a_trusted_proxy_forwarded_addresses_are_ignored(boot, header):
    wsgi = boot(limit_network_starts="1/day")
    Customer(wsgi).starts()
    too_many(Customer(wsgi, **{"X-Forwarded-For": header}).starts(status=429))


def test_behind_a_trusted_proxy_only_the_address_it_saw_counts(boot):
    wsgi = boot(limit_network_starts="1/day", trusted_proxies=1)

    def visitor(forwarded):
        return Customer(wsgi, address="127.0.0.1", **{"X-Forwarded-For": forwarded})

    visitor("198.51.100.1").starts()
    too_many(visitor("198.51.100.1").starts(status=429))
    too_many(visitor("203.0.113.50, 198.51.100.1").starts(status=429))
    visitor("198.51.100.1, 198.51.100.2").starts()


def test_behind_two_proxies_the_second_from_the_right_counts(boot):
    wsgi = boot(limit_network_starts="1/day", trusted_proxies=2)

    def visitor(forwarded):
        return Customer(wsgi, address="127.0.0.1", **{"X-Forwarded-For": forwarded})

    visitor("6.6.6.6, 198.51.100.1, 10.0.0.1").starts()
    too_many(visitor("7.7.7.7, 198.51.100.1, 10.0.0.2").starts(status=429))


def test_admins_answers_are_counted_separately_from_customers(boot, new_admin, new_customer):
    wsgi = boot(limit_guest_sends="2/day")
    anna = new_admin("anna", app=wsgi)
    ann = new_customer(wsgi)
    ann.starts("hi")
    anna.sends(1)
    anna.sends(1)
    too_many(anna.sends(1, status=429))
    ann.sends()


def test_wrong_passwords_are_throttled_but_the_owner_can_sign_in_from_elsewhere(
    boot, new_admin, engine
):
    wsgi = boot(limit_login_failures="3/day")
    row = new_admin("anna").row
    attacker = Admin(wsgi, engine, row, address="203.0.113.66")
    for _ in range(3):
        attacker.signs_in("wrong password", status=422)
    held_up = attacker.signs_in("wrong password", status=429)
    assert 1 <= int(held_up.headers["Retry-After"]) <= A_DAY
    assert held_up.content_type == "text/html"
    # The right password counts too, or guessing could continue; and so does another spelling of the name.
    attacker.signs_in(PASSWORD, status=429)
    attacker.username = " ANNA "
    attacker.signs_in(PASSWORD, status=429)
    attacker.username = "ben"
    attacker.signs_in("wrong password", status=422)
    Admin(wsgi, engine, row, address="198.51.100.9").signs_in(PASSWORD, status=303)


def test_one_network_cannot_try_one_password_on_many_names(boot, new_admin, engine):
    wsgi = boot(limit_network_login_failures="4/day")
    attacker = Admin(wsgi, engine, new_admin("anna").row, address="203.0.113.66")
    for n in range(4):
        attacker.username = f"name{n}"
        attacker.signs_in("password123", status=422)
    attacker.username = "another"
    attacker.signs_in("password123", status=429)


def test_successful_logins_are_not_counted(boot, new_admin, engine):
    wsgi = boot(limit_login_failures="2/day")
    row = new_admin("anna").row
    for _ in range(4):
        Admin(wsgi, engine, row).signs_in(PASSWORD, status=303)
