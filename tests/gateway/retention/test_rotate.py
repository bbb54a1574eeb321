"""Rotation: everything is wrapped anew and still opens, while the gateway runs and if it is killed in the midst."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import retention, vault
from gateway.checks import distinct
from gateway.checks.models import Check, Distinction, IdempotencyKey
from gateway.consent import people, tokens
from gateway.consent.models import Consent, ConsentPerson
from gateway.db import db
from gateway.retention import keys, reindex
from gateway.retention.keys import KeyKept
from gateway.retention.reindex import rotate_index
from gateway.retention.rotate import add_waiting, rotate_keks
from gateway.vault import VaultKey, keyfile
from gateway.vault.ring import ring
from tests.stage import RELEASE, Stage, reports

pytestmark = pytest.mark.both_databases


class Killed(BaseException):
    """The process ends here."""


def put(*owners: str) -> None:
    """Put something for each owner."""
    with db.write() as session:
        for owner in owners:
            vault.put(session, owner, "a", owner)


def everything_opens() -> set[str]:
    """Open everything that there is; the KEKs that it is under."""
    with db.read() as session:
        rows = session.scalars(select(VaultKey).where(VaultKey.wrapped.is_not(None))).all()
        for row in rows:
            for name in vault.names(session, row.owner_id):
                vault.get(session, row.owner_id, name)
        return {str(row.kek_id) for row in rows}


def test_every_data_key_is_wrapped_anew(stage: Stage, key_file: Path) -> None:
    """The standing key and those of the months have successors, and each data key stays in its month."""
    hr = stage.caller()
    check_id = hr.asked()
    stage.agree(check_id)
    assert everything_opens() == {"standing-1", "2026-11"}
    told: list[tuple[int, int]] = []
    done = rotate_keks(lambda seen, total: told.append((seen, total)))
    assert everything_opens() == {"standing-2", "2026-11.2"}
    assert (done.resumed, done.damaged, set(done.current)) == (False, 0, {"standing-2", "2026-11.2", "2026-12.2"})
    assert told[-1] == (done.moved, done.moved)
    assert {entry.about for entry in stage.entries("key.rotated")} == {"standing-1", "2026-11", "2026-12"}
    stage.until(RELEASE)
    assert hr.see(check_id)["eligible"] is True


def test_former_keys_stay_as_long_as_backups_do(stage: Stage, key_file: Path) -> None:
    """For the backup term they are still needed to restore one; then the turn destroys them."""
    put("chk_a")
    rotate_keks()
    stage.forward(days=29)
    assert set(retention.turn().destroyed) == set()
    stage.forward(days=1)
    assert set(retention.turn().destroyed) == {"standing-1", "2026-11", "2026-12"}
    assert everything_opens() == {"standing-2", "2026-11.2"}
    with db.write() as session:
        assert vault.wrong_keys(session) == []


@pytest.mark.parametrize("after", [1, 2])
def test_a_rotation_that_was_stopped_goes_on(stage: Stage, after: int) -> None:
    """Some are under the new key and some under the old, and all open; the next call moves the rest."""
    put(*(f"chk_{number:04}" for number in range(2 * keys.BATCH + 50)))
    batches: list[int] = []

    def told(seen: int, _total: int) -> None:
        batches.append(seen)
        if len(batches) == after:
            raise Killed

    with pytest.raises(Killed):
        rotate_keks(told)
    assert everything_opens() == {"2026-11", "2026-11.2", "standing-1"} | ({"standing-2"} if after > 9 else set())
    put("chk_new")
    done = rotate_keks()
    assert done.resumed
    assert done.moved < 2 * keys.BATCH + 50
    assert everything_opens() == {"2026-11.2", "standing-2"}
    assert [kek_id for kek_id in ring().keks if kek_id.startswith("standing")] == ["standing-2", "standing-1"]
    assert not rotate_keks().resumed
    assert everything_opens() == {"2026-11.3", "standing-3"}


def test_a_damaged_row_does_not_hold_up_a_rotation(stage: Stage) -> None:
    """It is counted, and stays; the keys that nothing readable is under are superseded all the same."""
    put("chk_a")
    put("chk_b")
    with db.write() as session:
        session.get_one(VaultKey, "chk_a").wrapped = b"\0" * 60
    done = rotate_keks()
    assert done.damaged == 1
    stage.forward(days=30)
    assert "2026-11" in retention.turn().destroyed


def test_keys_may_be_given_to_other_machines_first(stage: Stage) -> None:
    """They wait: known, wrapping nothing; the rotation takes these and makes no others."""
    assert set(add_waiting()) == {"standing-2", "2026-11.2", "2026-12.2"}
    put("chk_a")
    with pytest.raises(KeyKept, match="there already"):
        add_waiting()
    assert everything_opens() == {"standing-1", "2026-11"}
    rotate_keks()
    assert everything_opens() == {"standing-2", "2026-11.2"}


def test_what_another_machine_seals_with_former_keys_is_moved_by_the_turn(stage: Stage, key_file: Path) -> None:
    """It had not got the file yet. Its own turns, by a file in which the new keys still wait, move nothing back."""
    add_waiting()
    old = key_file.read_text("utf-8")
    rotate_keks()
    new = key_file.read_text("utf-8")
    key_file.write_text(old, "utf-8")
    put("chk_late")
    assert everything_opens() == {"2026-11", "standing-2"}
    assert retention.turn().moved == 0
    key_file.write_text(new, "utf-8")
    assert retention.turn().moved == 1
    assert everything_opens() == {"2026-11.2", "standing-2"}


def test_the_blind_index_is_brought_on(stage: Stage) -> None:
    """Links, codes, references and idempotency keys are found after it as before it, and none is of the old key.

    Nor is it forgotten whose a matter is not.
    """
    hr = stage.caller()
    answer = hr.ask(key="once")
    check_id = answer.json["id"]  # type: ignore[index]
    (other,) = reports({"offence": "theft", "ref": "case-9"}, sure=False)
    with db.write() as session:
        distinct.remember(session, check_id, [distinct.number("police", other) or ""])
    consent = answer.json["consent"]  # type: ignore[index]
    done = rotate_index()
    assert (done.resumed, done.current) == (False, ("index-2",))
    assert done.moved >= 3
    with db.read() as session:
        row = session.scalars(select(Consent)).one()
        indexes = [row.link_hash, row.code_hash, *session.scalars(select(Check.reference_index))]
        indexes += [*session.scalars(select(ConsentPerson.person)), *people.of(session, row)]
        indexes += [
            *session.scalars(select(IdempotencyKey.key_index)),
            *session.scalars(select(IdempotencyKey.body_index)),
            *session.scalars(select(Distinction.matter)),
        ]
        assert {each[:2] for each in indexes} == {"2:"}
        assert row.link_hash == tokens.link_hash(consent["url"].rpartition("/")[2])
        assert row.code_hash == tokens.code_hash(consent["code"])
    with db.write() as session:
        assert vault.wrong_keys(session) == []
    assert distinct.without_others(check_id, "police", [other]) == []
    assert hr.ask(key="once").json == answer.json
    assert len(hr.get("/v1/checks?reference=applicant-2041").json["checks"]) == 1  # type: ignore[index]
    assert stage.app.test_client().get(f"/c/{consent['url'].rpartition('/')[2]}").status_code == 200


def test_both_generations_are_found_while_it_goes_on(stage: Stage) -> None:
    """Stopped after the first table: old rows and new ones are found; the next call finishes, without a further key."""
    hr = stage.caller()
    answers = [hr.ask(key="before")]

    def told(_done: int, _total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotate_index(told)
    assert reindex.behind()
    answers.append(hr.ask(key="between"))
    for _ in range(2):
        for number, answer in enumerate(answers):
            assert hr.ask(key=("before", "between")[number]).json == answer.json
            link = answer.json["consent"]["url"].rpartition("/")[2]  # type: ignore[index]
            assert stage.app.test_client().get(f"/c/{link}").status_code == 200
        assert len(hr.get("/v1/checks?reference=applicant-2041").json["checks"]) == 2  # type: ignore[index]
        assert hr.ask(key="before", purpose="renewal").status_code == 422
        if reindex.behind():
            assert rotate_index().resumed
    assert not reindex.behind()
    assert ring().generation == 2


def test_a_one_time_code_survives_the_rotation(stage: Stage) -> None:
    """What was sent before can be typed after."""
    kept = tokens.digits_hash("vis_a", "123456")
    rotate_index()
    assert tokens.digits_fit(kept, "vis_a", "123456")
    assert not tokens.digits_fit(kept, "vis_a", "123457")


def test_the_index_without_its_newest_key_is_refused_at_the_start(stage: Stage, key_file: Path) -> None:
    """By name: a key file from before the rotation finds nothing."""
    with db.write() as session:
        vault.wrong_keys(session)
    rotate_index()
    keyfile.change(key_file, lambda lines: keyfile.without(lines, "index", "2"))
    with db.write() as session:
        (line,) = vault.wrong_keys(session)
    assert "has no key 2 of the blind index" in line


def test_a_machine_without_the_key_of_the_index_is_not_ready(stage: Stage, key_file: Path) -> None:
    """From the first row that it would not find: it would make a second check of a request that comes again."""
    with db.write() as session:
        vault.wrong_keys(session)
    stage.caller().asked()
    before = key_file.read_text("utf-8")
    assert vault.in_step()

    def told(_done: int, _total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotate_index(told)
    assert vault.in_step()
    key_file.write_text(before, "utf-8")
    assert not vault.in_step()


def test_what_needs_a_key_file_says_so(make_stage) -> None:
    """With keys in the environment the new one is put first there; the index stays as it is."""
    stage = make_stage()
    put("chk_a")
    for refused in (rotate_index, add_waiting, reindex.add_waiting, lambda: keys.add("2026-11")):
        with pytest.raises(KeyKept, match="SEALGATE_KEY_FILE"):
            refused()
    vault.init({"newer": b"q" * 32, **stage.config.keks}, stage.config.index_key)
    assert rotate_keks().moved > 0
    assert everything_opens() == {"newer"}
    stage.time.forward(timedelta(days=31))
    assert retention.turn().destroyed == []
    vault.init({"newer": b"q" * 32}, stage.config.index_key)
    assert retention.turn().destroyed == ["new"]
