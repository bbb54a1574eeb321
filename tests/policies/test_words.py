"""The closed words: each is there, nothing else is, and each can be shown to a person in English and Chinese.

The words are written down here once more, as literals: a word that disappears, changes its spelling or slips in
unannounced breaks the record format for everybody who speaks it.
"""

import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest

WORDS = {
    "jurisdiction": "cn gb-eaw de us us-ny us-pa us-mi us-ut us-or us-ca nz nl",
    "regime": "cn gb-eaw de us us-ny us-pa us-mi us-ut us-or us-ca nz nl cn-tiered cn-graded cn-observed",
    "kind": "criminal administrative traffic rehabilitation employment barring warrant",
    "disposition": """
        convicted found-guilty insanity penalised cautioned conditionally-cautioned youth-cautioned
        youth-conditionally-cautioned warned-reserved diverted not-prosecuted no-complaint dismissed acquitted
        pending measure-ordered listed annulled expunged pardoned disregarded""",
    "sentence": """
        imprisonment
        life-imprisonment indeterminate extended-sentence preventive-detention
        youth-detention
        detention-training-order
        juvenile-sentence
        service-detention service-dismissal service-reprimand service-community-order overseas-community-order
        hospital-order psychiatric-placement
        fine
        fixed-penalty
        compensation restitution costs
        community-order youth-rehabilitation-order referral-order supervision-order reparation-order
        attendance-centre-order
        conditional-discharge absolute-discharge bind-over
        restraining-order sexual-harm-prevention-order criminal-behaviour-order serious-crime-prevention-order
        order-with-requirement
        driving-disqualification penalty-points licence-endorsement licence-revocation
        probation parole
        admonition administrative-fine administrative-detention
        community-drug-rehabilitation compulsory-isolation-rehabilitation community-recovery
        correctional-education custody-education re-education
        political-rights-deprivation occupational-ban exclusion
        stigma-removed remitted""",
    "trait": """
        intentional negligent summary-only schedule-18 dbs-specified registrable-sex-offence against-child
        against-vulnerable with-injury with-death first-offence drug-dependency commercial-vehicle
        passenger-vehicle fault-equal-or-more felony misdemeanor assaultive person-crime max-penalty-10-years
        max-penalty-93-days""",
    "grade": """
        felony-a felony-b felony-c felony-d felony-e misdemeanor-a misdemeanor-b misdemeanor-c
        misdemeanor-unclassified violation infraction summary indictable verbrechen vergehen m1 m2 m3""",
    "substance": """
        cannabis ketamine etomidate benzodiazepine methamphetamine mdma cocaine heroin fentanyl poly other""",
    "addiction": "none addicted serious",
    "conduct": "completed neutral refused",
    "level": "open shallow deep erased",
    "outcome": "eligible ineligible undetermined",
    "rank": "law administrative-regulation department-rule local-regulation guidance",
    "confidence": "high medium low",
    "assurance": "low substantial high",
    "reading": "strict broad",
    "mode": "enacted proposal",
}

ROLES = {
    "cn/kindergarten": "head teacher carer health security other",
    "cn/minors-contact": "staff",
    "cn/school": "teacher staff",
    "cn/school-bus": "driver",
    "cn/coach": "driver",
    "cn/taxi": "driver",
    "cn/ride-hailing": "driver",
    "cn/city-transit": "driver attendant dispatcher other-key-staff",
    "cn/physician": "physician",
    "cn/narcotics-trade": "wholesaler producer",
    "cn/security-guard": "guard",
    "cn/armed-escort": "escort",
    "cn/entertainment-venue": "owner staff",
    "cn/drone": "operator",
    "us/twic": "worker",
    "us/childcare": "staff",
    "us/health-programme": "employee",
    "us/cdl": "driver",
    "gb-eaw/basic": "any",
    "gb-eaw/standard": "any",
    "gb-eaw/enhanced": "any",
    "gb-eaw/taxi": "driver",
    "de/minors-work": "staff",
    "de/plain": "any",
    "nl/vog": """
        general education childcare health-care taxi-driver taxi-operator transport-operator aviation-security
        shooting-club high-integrity judiciary""",
}

OFFENCES = """
    homicide.murder homicide.attempted homicide.manslaughter homicide.negligent
    violence.injury violence.assault violence.affray violence.threat violence.domestic
    violence.robbery
    abuse.child abuse.vulnerable abuse.animal
    kidnapping trafficking-persons slavery
    harassment stalking
    sexual.assault sexual.against-child sexual.indecency sexual.harassment sexual.exploitation sexual.images
    extortion arson property-damage burglary theft theft.identity handling-stolen
    drugs.use drugs.possession drugs.production drugs.supply drugs.import drugs.prescribing
    alcohol
    fraud fraud.welfare fraud.cheque fraud.health-care forgery bribery money-laundering
    prostitution.selling prostitution.buying prostitution.organising pornography gambling
    public-order contempt immigration smuggling tax
    weapons explosives hazmat terrorism state-security organised-crime
    traffic.casualty traffic.dangerous traffic.drunk traffic.drink-driving traffic.drug-driving
    traffic.hit-and-run traffic.speeding traffic.overload traffic.points traffic.unlicensed
    work.child-abuse-finding work.patient-abuse-finding work.licence-revoked work.card-revoked
    work.ethics-breach work.drug-rule-breach
    other
    unknown"""

GROUPS = "homicide violence abuse sexual drugs prostitution traffic work"
"""Words that are only the beginning of others."""


def document(name: str) -> dict[str, Any]:
    return tomllib.loads(files("policies").joinpath(name).read_text("utf-8"))


def labels() -> list[Any]:
    """Every labelled word as (place, its table)."""
    found: list[tuple[str, Any]] = []
    for kind, table in document("words.toml").items():
        for word, entry in table.items():
            nested = entry.items() if kind == "role" else [(word, entry)]
            found += [
                (f"{kind} {word} {name}" if kind == "role" else f"{kind} {name}", label) for name, label in nested
            ]
    found += [(f"offence {word}", entry) for word, entry in document("offences.toml").items()]
    return [pytest.param(entry, id=place.replace(" ", ":")) for place, entry in found]


@pytest.mark.parametrize("kind", WORDS)
def test_closed_set_holds_exactly_its_words(kind: str) -> None:
    """No word of a closed set is missing and none is too many."""
    assert set(document("words.toml")[kind]) == set(WORDS[kind].split())


def test_no_set_beside_the_known_ones() -> None:
    """The file holds the closed sets of the record format, the policies and their roles, nothing more."""
    assert set(document("words.toml")) == {*WORDS, "policy", "role"}


def test_policies_and_their_roles() -> None:
    """Every policy has its label and exactly its roles."""
    roles = document("words.toml")["role"]
    assert {policy: set(table) for policy, table in roles.items()} == {p: set(r.split()) for p, r in ROLES.items()}
    assert set(document("words.toml")["policy"]) == set(ROLES)


def test_offence_categories_and_their_groups() -> None:
    """The categories are exactly those of the record format, and the words that only begin them."""
    assert set(document("offences.toml")) == {*OFFENCES.split(), *GROUPS.split()}


def test_every_dotted_category_has_its_group() -> None:
    """What stands before the dot can be said by itself, for entries that are no more precise."""
    words = document("offences.toml")
    assert {word.rpartition(".")[0] for word in words if "." in word} <= set(words)


@pytest.mark.parametrize("entry", labels())
def test_word_has_an_english_and_a_chinese_label(entry: dict[str, str]) -> None:
    """A label can stand in a sentence and in a list: two languages, no full stop, no comma of its own."""
    assert set(entry) - {"iccs"} == {"en", "zh"}
    assert entry["en"] == entry["en"].strip()
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9 :()/-]*", entry["en"]), "plain letters, no comma, no full stop"
    assert re.search(r"[\u4e00-\u9fff]", entry["zh"]), "has Chinese characters"
    assert not re.search(r"[\s，、。；,.;]", entry["zh"]), "no comma, no full stop, no space"


@pytest.mark.parametrize("word", sorted(document("offences.toml")))
def test_offence_label_is_lower_case(word: str) -> None:
    """Offences are joined in lists, in the middle of sentences."""
    assert document("offences.toml")[word]["en"].islower()


def test_jurisdiction_and_its_regime_have_one_label() -> None:
    """A regime that is a jurisdiction's own law is called as the jurisdiction is."""
    words = document("words.toml")
    assert words["jurisdiction"] == {word: words["regime"][word] for word in words["jurisdiction"]}


def test_labels_within_a_set_differ() -> None:
    """Nobody can choose between two words that read the same."""
    words = document("words.toml")
    sets = [*(words[kind] for kind in (*WORDS, "policy")), *words["role"].values(), document("offences.toml")]
    for table in sets:
        for language in ("en", "zh"):
            texts = [label[language] for label in table.values()]
            assert sorted(set(texts)) == sorted(texts)


def test_classification_codes_have_the_form_of_the_standard() -> None:
    """An ICCS code has 2, 4, 5 or 6 digits (a section and its three levels); the sections are 01 to 11."""
    codes = [entry["iccs"] for entry in document("offences.toml").values() if "iccs" in entry]
    assert codes
    for code in codes:
        assert re.fullmatch(r"(0[1-9]|1[01])([0-9]{2,4})?", code)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("homicide.murder", "0101"),
        ("homicide.attempted", "0102"),
        ("violence.robbery", "0401"),
        ("violence.affray", "08011"),
        ("trafficking-persons", "0204"),
        ("harassment", "02081"),
        ("stalking", "02082"),
        ("theft", "0502"),
        ("theft.identity", "07019"),
        ("drugs.use", "060111"),
        ("prostitution.organising", "0302"),
        ("traffic.drunk", "020721"),
        ("violence.domestic", None),
        ("work.ethics-breach", None),
        ("other", None),
        ("unknown", None),
    ],
)
def test_classification_codes_taken_from_the_standard(word: str, code: str | None) -> None:
    """The codes are the standard's (ICCS 1.0), and a category without a class of its own has none."""
    assert document("offences.toml")[word].get("iccs") == code
