"""The pages as browsers, mail scanners, impatient and dishonest people use them."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from gateway import consent, vault
from gateway.clock import Stopped
from gateway.config import Config
from gateway.consent import decide
from gateway.consent.models import Consent, Visit
from gateway.db import db
from tests.gateway.consent.people import RIGHT, Person, Request, answer, ask, letters, sent_code


def agreed(app: Flask, config: Config) -> tuple[Person, Request]:
    """Somebody who has just agreed."""
    person, request = Person(app), ask()
    person.prove(request, config)
    person.send(decision="agree")
    return person, request


def everything() -> list[object]:
    """Every row that consent and its messages have, to see whether anything changed."""
    with db.engine.connect() as connection:
        tables = ("consents", "consent_visits", "consent_failures", "messages", "vault_items", "audit_entries")
        return [connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all() for table in tables]


def test_link_shows_who_asks_and_nothing_about_the_person(person: Person, request_: Request) -> None:
    """Before the proof: the institution's name. No name, birth date, work or rules."""
    assert person.open(request_.path).status_code == 200
    assert "Sunflower Kindergarten: a request about a background check" in person.text
    for hidden in ("Xiaoming", "王小明", "1990", "teacher", "Preschool Education Law", request_.check_id):
        assert hidden not in person.page


@pytest.mark.parametrize("act", [decide.agree, decide.decline])
def test_link_shows_the_same_whatever_was_decided(person: Person, request_: Request, act: object) -> None:
    """Whoever has the link and not the proof cannot see what the subject did."""

    def page() -> str:
        person.open(request_.path)
        return re.sub(r'value="[0-9a-f]{64}"', "", person.page)

    before = page()
    with db.write() as session:
        act(session, session.get_one(Consent, request_.id))  # type: ignore[operator]
    assert page() == before


def test_link_is_right_in_every_state(person: Person, request_: Request) -> None:
    """The page is the same before and after the decision and the news, and no sentence on it is false then."""
    pages = [person.open(request_.path) and person.text]
    with db.write() as session:
        decide.agree(session, session.get_one(Consent, request_.id))
    pages.append(person.open(request_.path) and person.text)
    answer(request_, False)
    pages.append(person.open(request_.path) and person.text)
    assert len(set(pages)) == 1
    assert "you can read it, decide, or see how it stands" in pages[0]
    assert "asks you to agree" not in pages[0]


def test_agreeing_goes_all_the_way(app: Flask, config: Config, time: Stopped) -> None:
    """Link, proof, reading, agreeing, done, status: and the release time is the one that was read."""
    person, request = Person(app), ask()
    person.prove(request, config)
    assert "leaves on: Saturday 21 November 2026, 16:00 (Beijing time)" in person.text
    assert "Yes or no. Nothing else." in person.text
    assert "drug use" in person.text
    assert "alcohol abuse" in person.text
    assert person.send(decision="agree").status_code == 200
    assert person.path == f"/c/{request.id}/done"
    assert "You have agreed" in person.text
    assert request.row.state == "given"
    person.open(f"/c/{request.id}/status")
    assert "In progress" in person.text
    assert "Saturday 21 November 2026, 16:00 (Beijing time)" in person.text


def test_declining_is_as_easy_and_nothing_is_looked_at(app: Flask, config: Config) -> None:
    """The same two steps; the page says what the institution sees."""
    person, request = Person(app), ask()
    person.prove(request, config)
    buttons = re.findall(r"<button class=\"even\" name=\"decision\" value=\"(\w+)\">", person.page)
    assert buttons == ["agree", "decline"]
    person.send(decision="decline")
    assert "You have declined" in person.text
    assert "“closed”" in person.text
    assert request.row.state == "declined"


def test_code_leads_where_the_link_leads(app: Flask, config: Config, request_: Request) -> None:
    """Typed at /c, it opens the same request."""
    person = Person(app)
    person.open("/c")
    assert person.send(code=request_.asked.code.lower().replace("-", " ")).status_code == 200
    assert person.path == f"/c/{request_.id}/prove"
    person.send(**RIGHT)
    person.send(code=sent_code(config))
    assert "Do you agree to this check?" in person.text


def test_wrong_code_is_told_humanely_and_limited(app: Flask, request_: Request, time: Stopped) -> None:
    """Twenty failures from one place bring a pause; a right code from another place still works."""
    person = Person(app)
    person.open("/c")
    for _ in range(20):
        assert person.send(code="AAAA-0000").status_code == 422
        assert 'value="AAAA-0000"' in person.page
    page = person.page
    assert person.send(code=request_.asked.code).status_code == 429
    person.page = page
    other = person.client.environ_base
    other["REMOTE_ADDR"] = "203.0.113.9"
    assert person.send(path="/c", code=request_.asked.code).status_code == 200
    other["REMOTE_ADDR"] = "127.0.0.1"
    time.forward(timedelta(minutes=15))
    person.open("/c")
    assert person.send(code=request_.asked.code).status_code == 200


def test_neighbours_in_one_ipv6_network_count_as_one(app: Flask) -> None:
    """A house has 2^64 addresses; they are one place."""
    statuses = []
    for number in range(21):
        person = Person(app)
        person.client.environ_base["REMOTE_ADDR"] = f"2001:db8::{number:x}"
        person.open("/c")
        statuses.append(person.send(code="AAAA-0000").status_code)
    assert statuses == [422] * 20 + [429]


def test_get_changes_nothing(app: Flask, config: Config) -> None:
    """Mail scanners and browsers that look ahead open every link, with every parameter, and nothing happens."""
    person, request = Person(app), ask()
    person.prove(request, config)
    before = everything()
    for path in ("request", "done", "status", "withdraw", "prove", "code"):
        for query in ("", "?decision=agree", "?language=zh"):
            person.client.get(f"/c/{request.id}/{path}{query}", headers=person.headers)
            person.client.head(f"/c/{request.id}/{path}{query}", headers=person.headers)
    stranger = Person(app)
    for path in ("/c", request.path, f"/c/{request.id}/request", "/c/callback?state=x&code=y", "/c/x/y/z"):
        stranger.open(path)
    assert everything() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_do_nothing(app: Flask, request_: Request, method: str) -> None:
    """Only GET and POST are known."""
    assert getattr(app.test_client(), method)(f"/c/{request_.id}/request").status_code == 405


def test_form_of_elsewhere_is_refused(app: Flask, config: Config) -> None:
    """Every form needs the token of its page, in the browser that got it, for the visit that it was made for."""
    person, request = Person(app), ask()
    person.prove(request, config)
    to = f"/c/{request.id}/request"
    for token in ("", "0" * 64, "ü"):
        response = person.client.post(to, data={"form": token, "decision": "agree"}, headers=person.headers)
        assert response.status_code == 400
        assert "Nothing was changed" in response.text
    other, second = Person(app), ask()
    other.prove(second, config)
    stolen = re.search(r'name="form" value="(\w+)"', other.page)
    assert stolen
    response = person.client.post(to, data={"form": stolen[1], "decision": "agree"}, headers=person.headers)
    assert response.status_code == 400
    assert request.row.state == "requested"


def test_form_token_of_somebody_else_is_no_use_with_their_cookie_either(app: Flask, config: Config) -> None:
    """Planted in a browser, cookie and token of another visit send nothing here: a token is for one visit."""
    attacker, person, request = Person(app), Person(app), ask()
    attacker.prove(ask(), config)
    person.prove(request, config)
    planted = attacker.client.get_cookie("sealgate-form")
    token = re.search(r'name="form" value="(\w+)"', attacker.page)
    assert planted
    assert token
    person.client.set_cookie("sealgate-form", planted.value)
    data = {"form": token[1], "decision": "agree"}
    assert person.client.post(f"/c/{request.id}/request", data=data).status_code == 400
    assert request.row.state == "requested"


@pytest.mark.parametrize("path", ["/c", "link", "prove", "code", "request", "withdraw"])
def test_every_form_is_refused_without_its_token(app: Flask, config: Config, path: str) -> None:
    """No form is forgotten."""
    person, request = Person(app), ask()
    person.prove(request, config)
    to = {"/c": "/c", "link": request.path}.get(path, f"/c/{request.id}/{path}")
    before = everything()
    response = person.client.post(to, data={"code": request.asked.code, "decision": "agree", **RIGHT})
    assert response.status_code == 400
    assert everything() == before


def test_double_submit_and_back_button_are_harmless(app: Flask, config: Config) -> None:
    """Sent twice, or changed after going back: the first decision stands and is shown."""
    person, request = Person(app), ask()
    person.prove(request, config)
    page, path = person.page, person.path
    person.send(decision="agree")
    given = request.row
    for decision in ("agree", "decline"):
        person.page, person.path = page, path
        assert person.send(decision=decision).status_code == 200
        assert "You have agreed" in person.text
    assert request.row.given_at == given.given_at
    assert request.row.state == "given"
    person.open(f"/c/{request.id}/request")
    assert person.path == f"/c/{request.id}/status"


@pytest.mark.parametrize("decision", ["", "AGREE", "perhaps"])
def test_what_is_neither_yes_nor_no_decides_nothing(app: Flask, config: Config, decision: str) -> None:
    """The page is shown again."""
    person, request = Person(app), ask()
    person.prove(request, config)
    person.send(decision=decision)
    assert person.path == f"/c/{request.id}/request"
    assert request.row.state == "requested"


def test_two_requests_in_two_tabs_do_not_meet(app: Flask, config: Config) -> None:
    """Each has a cookie of its own: agreeing in one tab agrees to what that tab shows."""
    person, first, second = Person(app), ask(), ask(institution="City Buses")
    person.prove(first, config)
    tab = person.page, person.path
    person.prove(second, config)
    assert "City Buses" in person.text
    person.page, person.path = tab
    person.send(decision="agree")
    assert (first.row.state, second.row.state) == ("given", "requested")


def test_two_tabs_of_one_request_share_their_proof(app: Flask, config: Config) -> None:
    """Opening the link again in a proved browser leads straight to the request."""
    person, request = Person(app), ask()
    person.prove(request, config)
    person.open(request.path)
    person.send()
    assert person.path == f"/c/{request.id}/request"


def test_proof_of_one_request_opens_no_other(app: Flask, config: Config) -> None:
    """A cookie is bound to its request, whatever name it is sent under."""
    person, first, second = Person(app), ask(), ask()
    person.prove(first, config)
    value = person.client.get_cookie(f"sealgate-{first.id[-8:]}")
    assert value
    person.client.set_cookie(f"sealgate-{second.id[-8:]}", value.value)
    response = person.open(f"/c/{second.id}/request")
    assert response.status_code == 403
    assert "This page has closed" in person.text


def test_request_that_is_not_there_looks_like_one_that_may_not_be_seen(app: Flask, request_: Request) -> None:
    """Ids of consents cannot be tried out."""
    stranger = Person(app)
    pages = []
    for consent_id in (request_.id, "con_aaaaaaaaaaaaaaaaaaaaaaaaaa"):
        assert stranger.open(f"/c/{consent_id}/status").status_code == 403
        pages.append(stranger.page.replace(consent_id, ""))
    assert pages[0] == pages[1]


def test_proof_gives_a_new_cookie_and_ends_the_old_one(app: Flask, config: Config) -> None:
    """A cookie that somebody planted or saw before the proof opens nothing after it."""
    person, request = Person(app), ask()
    person.open(request.path)
    person.send()
    name = f"sealgate-{request.id[-8:]}"
    planted = person.client.get_cookie(name)
    person.send(**RIGHT)
    person.send(code=sent_code(config))
    proved = person.client.get_cookie(name)
    assert planted is not None
    assert proved is not None
    assert planted.value != proved.value
    thief = Person(app)
    thief.client.set_cookie(name, planted.value)
    assert thief.open(f"/c/{request.id}/request").status_code == 403
    thief.client.set_cookie(name, proved.value)
    assert thief.open(f"/c/{request.id}/request").status_code == 200


@pytest.mark.parametrize(("issuer", "secure"), [("https://gate.example", True), ("http://localhost:8000", False)])
def test_cookies_are_closed_to_scripts_other_sites_and_open_networks(
    environ: dict[str, str], app: Flask, issuer: str, secure: bool
) -> None:
    """HttpOnly, SameSite=Lax, for this host only; Secure and with the __Host- prefix unless on loopback."""
    consent.deployment.init(Config.from_env({**environ, "SEALGATE_ISSUER": issuer}), consent.deployment.library())
    client, request = app.test_client(), ask()
    path = request.asked.url.removeprefix(issuer)
    page = client.get(path, base_url=issuer)
    token = re.search(r'name="form" value="(\w+)"', page.text)
    assert token
    begun = client.post(path, data={"form": token[1]}, base_url=issuer)
    cookies = [*page.headers.getlist("Set-Cookie"), *begun.headers.getlist("Set-Cookie")]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert ("Secure" in cookie) is secure
        assert cookie.startswith("__Host-sealgate-") is secure


def test_proof_lasts_fifteen_minutes_for_acts(app: Flask, config: Config, time: Stopped) -> None:
    """A reader is asked again who they are; an act is refused, and the page says that nothing was done."""
    person, request = Person(app), ask()
    person.prove(request, config)
    time.forward(timedelta(minutes=14, seconds=59))
    assert person.open(f"/c/{request.id}/request").status_code == 200
    time.forward(timedelta(seconds=1))
    assert person.send(decision="agree").status_code == 403
    assert "Nothing was sent, and nothing was decided" in person.text
    assert request.row.state == "requested"
    person.open(f"/c/{request.id}/request")
    assert person.path == f"/c/{request.id}/prove"
    person.send(**RIGHT)
    person.send(code=sent_code(config))
    person.send(decision="agree")
    assert request.row.state == "given"


def test_visit_ends_after_an_hour(app: Flask, request_: Request, time: Stopped) -> None:
    """Then the link is needed again."""
    person = Person(app)
    person.open(request_.path)
    person.send()
    time.forward(timedelta(hours=1))
    assert person.open(f"/c/{request_.id}/prove").status_code == 403
    person.open(request_.path)
    assert person.send().status_code == 200


def test_link_and_code_end_with_the_request(app: Flask, config: Config, time: Stopped) -> None:
    """Unanswered, declined, cancelled: after fourteen days all look alike, before the task has run and after."""
    requests = [ask() for _ in range(4)]
    person = Person(app)
    with db.write() as session:
        decide.decline(session, session.get_one(Consent, requests[1].id))
        consent.cancel(session, requests[2].check_id)
    time.forward(timedelta(days=14))
    decide.expire()
    pages = []
    for request in requests:
        assert person.open(request.path).status_code == 410
        assert "This request has ended" in person.text
        pages.append(person.page.replace(request.path, ""))
        person.open("/c")
        assert person.send(code=request.asked.code).status_code == 422
    assert len(set(pages)) == 1


def test_link_of_a_given_consent_lives_on(app: Flask, config: Config, time: Stopped) -> None:
    """The subject can come back to see how it stands."""
    _, request = agreed(app, config)
    time.forward(timedelta(days=30))
    later = Person(app)
    later.prove(request, config)
    assert later.path == f"/c/{request.id}/status"


def test_open_page_of_a_request_that_has_ended_says_so(app: Flask, config: Config, time: Stopped) -> None:
    """Between the end and the task that writes it down, nothing can be agreed to."""
    person, request = Person(app), ask()
    time.forward(timedelta(days=14) - timedelta(minutes=1))
    person.prove(request, config)
    time.forward(timedelta(minutes=1))
    person.send(decision="agree")
    assert "Ended: nobody answered in time" in person.text
    assert request.row.state == "requested"


def test_cancelled_request_says_so_to_its_subject(app: Flask, config: Config) -> None:
    """The institution took it back before the subject decided."""
    person, request = Person(app), ask()
    with db.write() as session:
        consent.cancel(session, request.check_id)
    person.prove(request, config)
    assert "the organisation took it back" in person.text


def test_withdrawing_asks_once_and_is_final(app: Flask, config: Config) -> None:
    """A question, a button, and the status says what the institution sees and when."""
    person, request = agreed(app, config)
    person.open(f"/c/{request.id}/withdraw")
    assert "Withdraw your agreement?" in person.text
    assert request.row.state == "given"
    person.send()
    assert "You withdrew" in person.text
    assert request.row.state == "withdrawn"
    person.open(f"/c/{request.id}/withdraw")
    assert person.path == f"/c/{request.id}/status"


def test_answer_that_has_left_cannot_be_withdrawn(app: Flask, config: Config, time: Stopped) -> None:
    """No button, and the form of before does nothing."""
    person, request = agreed(app, config)
    person.open(f"/c/{request.id}/withdraw")
    form = person.page
    with db.write() as session:
        session.execute(update(Consent).values(released_at=Consent.release_at))
    answer(request, True)
    person.open(f"/c/{request.id}/status")
    assert 'href="withdraw"' not in person.page
    person.page = form
    person.send(path=f"/c/{request.id}/withdraw")
    assert request.row.state == "given"


def test_page_of_the_decision_gives_way_once_there_is_more_to_say(app: Flask, config: Config, time: Stopped) -> None:
    """Left open, it comes anew when the answer should be there, and leads to how it stands."""
    person, request = agreed(app, config)
    done = f"/c/{request.id}/done"
    assert person.open(done).headers["Refresh"] == str(18 * 3600 + 40 * 60 + 10)
    assert person.path == done
    answer(request, True)
    person.open(done)
    assert person.path == f"/c/{request.id}/status"


@pytest.mark.parametrize("lots", [[0.9], [0.1, 0.1, 0.9]])
def test_missed_release_time_is_told_alike_for_every_reason(
    app: Flask, config: Config, time: Stopped, lots: list[float]
) -> None:
    """Late, or deferred by lot: the next times and one sentence; no time that is past or that cannot be kept."""
    request, left = ask(), iter(lots)
    with db.write() as session:
        consent.observe_lateness(session, "cn/kindergarten", 0.5)
        decide.agree(session, session.get_one(Consent, request.id), draw=lambda: next(left))
    person = Person(app)
    time.forward(timedelta(days=1, minutes=41))
    person.prove(request, config)
    for page in ("status", "done"):
        shown = person.open(f"/c/{request.id}/{page}")
        assert person.path == f"/c/{request.id}/status"
        assert "It takes longer than planned" in person.text
        assert "You can see it here next from Saturday 21 November 2026, 17:00 (Beijing time)" in person.text
        assert "It can leave next on Saturday 21 November 2026, 23:00 (Beijing time)" in person.text
        assert "The answer leaves" not in person.text
        assert shown.headers["Refresh"] == str(59 * 60 + 10)


@pytest.mark.parametrize(("eligible", "words"), [(True, "The answer Yes"), (False, "The answer No")])
def test_result_shows_to_a_fresh_proof_only(
    app: Flask, config: Config, time: Stopped, eligible: bool, words: str
) -> None:
    """Before it is there: in progress. Then for five minutes after a proof; then only that there is news."""
    person, request = agreed(app, config)
    status = f"/c/{request.id}/status"
    with db.write() as session:
        vault.put(session, request.check_id, "result", {"eligible": eligible})
    person.open(status)
    assert words not in person.text
    assert "In progress" in person.text
    answer(request, eligible)
    shown = person.open(status)
    assert words in person.text
    assert "Nobody may demand to see it" in person.text
    assert shown.headers["Refresh"] == "301; url=status"
    time.forward(timedelta(minutes=5))
    assert "Refresh" not in person.open(status).headers
    assert words not in person.text
    assert "There is news" in person.text
    person.open(f"/c/{request.id}/prove")
    person.send(**RIGHT)
    person.send(code=sent_code(config))
    assert words in person.text


def test_result_is_in_no_url_message_or_copy(app: Flask, config: Config) -> None:
    """Yes and no have the same address, the same message, and a page that neither browsers nor printers keep."""
    told = set()
    for eligible in (True, False):
        person, request = agreed(app, config)
        answer(request, eligible)
        response = person.open(f"/c/{request.id}/status")
        assert response.headers["Cache-Control"] == "no-store"
        assert 'class="card private answer"' in person.page
        told.add((response.request.path.replace(request.id, ""), letters(config)[-1]["text"]))
    assert len(told) == 1
    css = re.search(r'href="(/c/assets/consent\.\w+\.css)"', person.page)
    assert css
    assert "@media print { .private { display: none !important; } }" in person.client.get(css[1]).text


def test_withdrawn_consent_shows_no_result(app: Flask, config: Config) -> None:
    """Also when the subject was told before."""
    person, request = agreed(app, config)
    answer(request, False)
    with db.write() as session:
        decide.withdraw(session, session.get_one(Consent, request.id))
    person.open(f"/c/{request.id}/status")
    assert "The answer No" not in person.text


def test_shredded_data_leaves_a_page_that_says_so(app: Flask, config: Config) -> None:
    """Nobody can be compared with particulars that were deleted."""
    request = ask()
    with db.write() as session:
        vault.shred(session, request.check_id)
    person = Person(app)
    person.open(request.path)
    person.send()
    assert person.send(**RIGHT).status_code == 410
    assert "has been deleted" in person.text


def test_every_answer_has_its_headers(app: Flask, config: Config) -> None:
    """Pages, redirects, refusals: no script, no frame, no copy, no trace for other sites."""
    person, request = Person(app), ask()
    person.prove(request, config)
    client = person.client
    for path in ("/c", request.path, f"/c/{request.id}/request", f"/c/{request.id}/done", "/c/nothing", "/c/a/b/c"):
        headers = client.get(path, headers=person.headers).headers
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert "style=" not in person.page
    assert "<script" not in person.page
    assert not re.search(r"(src|href)=\"(https?:)?//", person.page)


def test_style_sheet_is_kept_for_a_year_under_a_name_of_its_content(app: Flask, person: Person) -> None:
    """Another content, another name; an unknown name is not found."""
    person.open("/c")
    name = re.search(r'href="(/c/assets/consent\.[0-9a-f]{16}\.css)"', person.page)
    assert name
    response = person.client.get(name[1])
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.mimetype == "text/css"
    assert person.client.get("/c/assets/../conftest.py").status_code == 404
    assert person.client.get("/c/assets/consent.css").status_code == 404


def test_unknown_link_is_a_page_for_people(app: Flask, person: Person) -> None:
    """Cut off, changed, or with something behind it."""
    for path in ("/c/abc", "/c/" + "a" * 500, "/c/x/y/z", "/c/%00"):
        assert person.open(path).status_code == 404
        assert "We cannot find this request" in person.text


def test_guard_knows_every_page_and_lets_nothing_else_in(app: Flask) -> None:
    """Each route has its door, those of other rooms behind the same guard as well; the open ones are four."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("consent.", "answer."))}
    assert routes == {door for door in consent.DOORS if door.startswith(("consent.", "answer."))}
    assert {"consent.start", "consent.asset", "consent.nowhere", "consent.verify"} == consent.OPEN_ENDPOINTS


def test_visits_that_are_over_are_forgotten(app: Flask, time: Stopped) -> None:
    """A browser that came a day ago leaves nothing."""
    for _ in range(2):
        person = Person(app)
        person.open(ask().path)
        person.send()
        time.forward(timedelta(days=1))
    with db.read() as session:
        assert session.query(Visit).count() == 1


def test_a_result_that_the_log_does_not_bear_out_is_not_shown(app: Flask, config: Config) -> None:
    """A row that says the subject was told, or another bit than the log holds, shows nothing."""
    person, request = agreed(app, config)
    with db.write() as session:
        vault.put(session, request.check_id, "result", {"eligible": True})
        consent.tell(session, request.check_id)
    assert person.open(f"/c/{request.id}/status").status_code == 500
    answer(request, eligible=False)
    assert person.open(f"/c/{request.id}/status").status_code == 200
    with db.write() as session:
        vault.put(session, request.check_id, "result", {"eligible": True})
    assert person.open(f"/c/{request.id}/status").status_code == 500
