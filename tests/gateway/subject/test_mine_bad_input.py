"""What should not come to a person's own pages, and how it is answered."""

from datetime import timedelta

from sqlalchemy import func, select

from gateway import vault
from gateway.consent.models import PersonVisit
from gateway.db import db
from gateway.retention import due
from tests.gateway.consent.conftest import provider, provider_port
from tests.gateway.consent.people import Control, Person
from tests.gateway.subject.ways import (
    NAMESAKE,
    NOBODY,
    WANG,
    about,
    asked,
    consent_of_id,
    press,
    sign_in,
    to_provider,
    with_sign_in,
)
from tests.stage import Stage, StageMaker, make_stage, stage_environ

__all__ = ["make_stage", "provider", "provider_port", "stage_environ"]


def test_bad_input_is_answered_alike_and_well(make_stage: StageMaker, provider: Control) -> None:
    """Another's cookie, an answer used twice or in another browser, two tabs, a forged form and language, no cookie."""
    stage = with_sign_in(make_stage, provider)
    hr = stage.caller()
    mine = asked(hr, "1", about("BARRED"))
    person, other = sign_in(stage, provider), Person(stage.app)
    other.open("/c/mine")
    back = to_provider(other, provider, NAMESAKE)
    assert person.open(back).status_code == 403, "somebody else's sign-in, in my browser"
    other.open("/c/mine/sign-in")
    later = to_provider(other, provider, NAMESAKE)  # in a second tab
    assert other.open(back).status_code == 403, "of two under way the later counts"
    assert other.open(later).status_code == 200
    assert NOBODY in other.text
    assert other.open(later).status_code == 403, "an answer is good once"
    _a_sign_in_that_fails(stage, provider)
    stolen = {"form": "0" * 64}
    for language in ("xx", "../zh", "zh'--", ""):
        assert person.open(f"/c/mine/{mine}?language={language}").status_code == 200
        assert '<html lang="en">' in person.page
    assert person.client.post(f"/c/mine/{mine}/contact", data=stolen, headers=person.headers).status_code == 400
    foreign = Person(stage.app)
    foreign.open("/c/mine")
    foreign.page = person.page  # a form of another's page
    assert foreign.send(path=f"/c/mine/{mine}/contact").status_code == 403
    foreign.client.set_cookie("sealgate-mine", "made-up")
    assert foreign.open(f"/c/mine/{mine}").status_code == 200
    assert foreign.path == "/c/mine/sign-in"
    assert consent_of_id(mine).reachable
    person.open(f"/c/mine/{mine}")
    press(person, f"/c/mine/{mine}/open")
    assert person.path == f"/c/{mine}/prove"
    person.open("/c/mine")
    cookie = person.client.get_cookie("sealgate-mine")
    assert cookie is not None
    press(person, "/c/mine/leave")
    assert person.open(f"/c/{mine}/prove").status_code == 403, "what was opened from there is closed as well"
    person.client.set_cookie("sealgate-mine", cookie.value)
    person.open("/c/mine")
    assert person.path == "/c/mine/sign-in", "who has left is gone"
    stage.time.forward(timedelta(hours=2))
    due.forget_due()
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(PersonVisit)) == 0
        assert not [owner for owner in session.scalars(select(vault.VaultKey.owner_id)) if owner.startswith("own_")]


def _a_sign_in_that_fails(stage: Stage, provider: Control) -> None:
    """Broken off, or a lie: nobody is signed in, and the page leads back to where it can be tried again."""
    for lie in ("denied", "nonce", "audience", "old"):
        provider.set(lie=lie)
        person = Person(stage.app)
        person.open("/c/mine")
        back = to_provider(person, provider, WANG)
        if lie == "old":  # not known to the provider
            provider.set(person={**WANG, "auth_time": 1_700_000_000})
        assert person.open(back).status_code == 403
        assert "The sign-in did not work" in person.text
        assert 'href="/c/mine"' in person.page
        person.open("/c/mine")
        assert person.path == "/c/mine/sign-in"
    provider.set(lie="")
