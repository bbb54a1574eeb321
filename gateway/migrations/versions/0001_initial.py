"""The first tables. More than 300 lines because it is one list of them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    _limits()
    _vault()
    _work()
    _log()
    _oauth()
    _people()
    _staff()
    _guardians()
    _persons()
    _checks()


def downgrade() -> None:
    """Take it back."""
    for table in (
        "corrections",
        "distinctions",
        "punctuality",
        "reviews",
        "idempotency_keys",
        "checks",
        "staff_failures",
        "staff_sessions",
        "staff",
        "consent_lateness",
        "consent_failures",
        "consent_guardians",
        "consent_contact_people",
        "consent_contacts",
        "person_visits",
        "consent_people",
        "consent_visits",
        "consents",
        "messages",
        "receipt_keys",
        "signing_keys",
        "revoked_tokens",
        "used_assertions",
        "clients",
        "institutions",
        "audit_checkpoints",
        "audit_nodes",
        "audit_entries",
        "work_turns",
        "work_executors",
        "vault_items",
        "vault_keys",
        "vault_keks",
        "limit_counts",
    ):
        op.drop_table(table)


def _limits() -> None:
    """Who has called how often."""
    op.create_table(
        "limit_counts",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_counts")),
    )
    op.create_index(op.f("ix_limit_counts_expires_at"), "limit_counts", ["expires_at"], unique=False)


def _vault() -> None:
    """What the vault keeps. More than 40 lines because it is a list."""
    op.create_table(
        "vault_keks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("open_id", sa.String(length=40), nullable=True),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.Column("used_from", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_keks")),
        sa.UniqueConstraint("open_id", name=op.f("uq_vault_keks_open_id")),
    )
    op.create_table(
        "vault_keys",
        sa.Column("owner_id", sa.String(length=80), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("kek_id", sa.String(length=40), nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("shredded_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kek_id"], ["vault_keks.open_id"], name=op.f("fk_vault_keys_kek_id_vault_keks")),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_vault_keys")),
    )
    op.create_index(op.f("ix_vault_keys_kek_id"), "vault_keys", ["kek_id"], unique=False)
    op.create_index(op.f("ix_vault_keys_shredded_at"), "vault_keys", ["shredded_at"], unique=False)
    op.create_table(
        "vault_items",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["vault_keys.owner_id"], name=op.f("fk_vault_items_owner_id_vault_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_items")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_vault_items_owner_id_name")),
    )


def _work() -> None:
    """Who does the work."""
    op.create_table(
        "work_executors",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_executors")),
    )
    op.create_table(
        "work_turns",
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("executor_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_work_turns")),
    )


def _log() -> None:
    """The audit log. 40 lines because it is a list."""
    op.create_table(
        "audit_entries",
        sa.Column("recorded", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("recorded", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_entries_id")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_entries_position")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entries_about"), "audit_entries", ["about"], unique=False)
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_audit_nodes")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )


def _oauth() -> None:
    """Who calls. 40 lines because it is a list."""
    op.create_table(
        "institutions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("registration", sa.String(length=80), nullable=False),
        sa.Column("jurisdiction", sa.String(length=16), nullable=False),
        sa.Column("policies", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        sa.UniqueConstraint("jurisdiction", "registration", name=op.f("uq_institutions_jurisdiction_registration")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("auth", sa.String(length=32), nullable=False),
        sa.Column("jwks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("secret_hash", sa.String(length=200), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("desk", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_clients_institution_id_institutions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_index(op.f("ix_clients_institution_id"), "clients", ["institution_id"], unique=False)
    op.create_table(
        "used_assertions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_assertions")),
    )
    op.create_index(op.f("ix_used_assertions_expires_at"), "used_assertions", ["expires_at"], unique=False)
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(length=40), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_revoked_tokens")),
    )
    op.create_index(op.f("ix_revoked_tokens_expires_at"), "revoked_tokens", ["expires_at"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("retires_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    op.create_index(
        "uq_signing_keys_one_current",
        "signing_keys",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )
    _receipt_keys()


def _receipt_keys() -> None:
    """The keys that sign receipts."""
    op.create_table(
        "receipt_keys",
        sa.Column("kid", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_receipt_keys")),
    )
    op.create_index(
        "uq_receipt_keys_one_current",
        "receipt_keys",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )


def _people() -> None:
    """Messages and consents. 40 lines because it is a list."""
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_state"), "messages", ["state"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=False),
        sa.Column("grid_seconds", sa.Integer(), nullable=False),
        sa.Column("nominal_release_at", sa.DateTime(), nullable=True),
        sa.Column("release_at", sa.DateTime(), nullable=True),
        sa.Column("tell_at", sa.DateTime(), nullable=True),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.Column("released_at", sa.DateTime(), nullable=True),
        sa.Column("lease_months", sa.Integer(), nullable=True),
        sa.Column("leased_until", sa.Date(), nullable=True),
        sa.Column("next_check_on", sa.Date(), nullable=True),
        sa.Column("lease_ended_at", sa.DateTime(), nullable=True),
        sa.Column("renewal_asked_at", sa.DateTime(), nullable=True),
        sa.Column("lease_of", sa.String(length=40), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("erase_asked_at", sa.DateTime(), nullable=True),
        sa.Column("link_hash", sa.String(length=72), nullable=False),
        sa.Column("code_hash", sa.String(length=72), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["lease_of"], ["consents.id"], name=op.f("fk_consents_lease_of_consents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("check_id", name=op.f("uq_consents_check_id")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_consents_code_hash")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_consents_link_hash")),
    )
    op.create_index(op.f("ix_consents_expires_at"), "consents", ["expires_at"], unique=False)
    op.create_index(op.f("ix_consents_lease_of"), "consents", ["lease_of"], unique=False)
    op.create_index(op.f("ix_consents_leased_until"), "consents", ["leased_until"], unique=False)
    op.create_index(op.f("ix_consents_release_at"), "consents", ["release_at"], unique=False)
    op.create_index(op.f("ix_consents_tell_at"), "consents", ["tell_at"], unique=False)
    op.create_table(
        "consent_visits",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("consent_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=72), nullable=False),
        sa.Column("guardian", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("proved_at", sa.DateTime(), nullable=True),
        sa.Column("code_hash", sa.String(length=72), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(), nullable=True),
        sa.Column("state_hash", sa.String(length=72), nullable=True),
        sa.Column("by_code", sa.Boolean(), nullable=False),
        sa.Column("offered", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_visits_consent_id_consents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_visits")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_consent_visits_state_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_consent_visits_token_hash")),
    )
    op.create_index(op.f("ix_consent_visits_consent_id"), "consent_visits", ["consent_id"], unique=False)
    op.create_index(op.f("ix_consent_visits_expires_at"), "consent_visits", ["expires_at"], unique=False)
    _contacts()
    op.create_table(
        "consent_failures",
        sa.Column("place", sa.String(length=72), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_consent_failures")),
    )
    op.create_index(op.f("ix_consent_failures_since"), "consent_failures", ["since"], unique=False)
    op.create_table(
        "consent_lateness",
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("observed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("policy", name=op.f("pk_consent_lateness")),
    )


def _staff() -> None:
    """Who works here. 40 lines because it is a list."""
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("login_index", sa.String(length=72), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("jurisdictions", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("used_step", sa.BigInteger(), nullable=False),
        sa.Column("link_hash", sa.String(length=72), nullable=True),
        sa.Column("link_until", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_staff_link_hash")),
        sa.UniqueConstraint("login_index", name=op.f("uq_staff_login_index")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=72), nullable=False),
        sa.Column("enrolling", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(op.f("ix_staff_sessions_expires_at"), "staff_sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "staff_failures",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff_failures")),
    )
    op.create_index(op.f("ix_staff_failures_last_at"), "staff_failures", ["last_at"], unique=False)


def _guardians() -> None:
    """Those who consent beside somebody who is too young to do it alone."""
    op.create_table(
        "consent_guardians",
        sa.Column("consent_id", sa.String(length=40), nullable=False),
        sa.Column("link_hash", sa.String(length=72), nullable=False),
        sa.Column("code_hash", sa.String(length=72), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(), nullable=True),
        sa.Column("subject_agreed_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("of_age_at", sa.DateTime(), nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_guardians_consent_id_consents")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent_guardians")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_consent_guardians_code_hash")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_consent_guardians_link_hash")),
    )


def _contacts() -> None:
    """The contacts that people keep for proofs by code."""
    op.create_table(
        "consent_contacts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_contacts")),
    )
    op.create_index(op.f("ix_consent_contacts_until"), "consent_contacts", ["until"], unique=False)
    op.create_table(
        "consent_contact_people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("contact_id", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=72), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["consent_contacts.id"], name=op.f("fk_consent_contact_people_contact_id_consent_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_contact_people")),
    )
    op.create_index(
        op.f("ix_consent_contact_people_contact_id"), "consent_contact_people", ["contact_id"], unique=False
    )
    op.create_index(op.f("ix_consent_contact_people_person"), "consent_contact_people", ["person"], unique=False)


def _persons() -> None:
    """Whom consents are about, and visits to what is about one person."""
    op.create_table(
        "consent_people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("consent_id", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=72), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_people_consent_id_consents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_people")),
        sa.UniqueConstraint("consent_id", "person", name=op.f("uq_consent_people_consent_id_person")),
    )
    op.create_index(op.f("ix_consent_people_person"), "consent_people", ["person"], unique=False)
    op.create_table(
        "person_visits",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=72), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("proved_at", sa.DateTime(), nullable=True),
        sa.Column("state_hash", sa.String(length=72), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_visits")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_person_visits_state_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_person_visits_token_hash")),
    )
    op.create_index(op.f("ix_person_visits_expires_at"), "person_visits", ["expires_at"], unique=False)


def _checks() -> None:
    """Checks, their reviews and what follows. More than 40 lines because it is a list."""
    op.create_table(
        "checks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("reference_index", sa.String(length=72), nullable=True),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("regimes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(), nullable=True),
        sa.Column("result_entry", sa.String(length=40), nullable=True),
        sa.Column("superseded_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_checks_client_id_clients")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institutions.id"], name=op.f("fk_checks_institution_id_institutions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    op.create_index("ix_checks_of_institution", "checks", ["institution_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_checks_reference_index"), "checks", ["reference_index"], unique=False)
    op.create_index(op.f("ix_checks_superseded_at"), "checks", ["superseded_at"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("key_index", sa.String(length=72), nullable=False),
        sa.Column("body_index", sa.String(length=72), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_idempotency_keys_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("client_id", "key_index", name=op.f("uq_idempotency_keys_client_id_key_index")),
    )
    op.create_index(op.f("ix_idempotency_keys_answered_at"), "idempotency_keys", ["answered_at"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_reviews_check_id_checks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_check_id"), "reviews", ["check_id"], unique=False)
    op.create_index(
        "uq_reviews_one_open",
        "reviews",
        ["check_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("ready_at", sa.DateTime(), nullable=False),
        sa.Column("entry", sa.String(length=40), nullable=True),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_corrections_check_id_checks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("check_id", name=op.f("uq_corrections_check_id")),
    )
    op.create_table(
        "punctuality",
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("policy", name=op.f("pk_punctuality")),
    )
    op.create_table(
        "distinctions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("matter", sa.String(length=72), nullable=False),
        sa.Column("used_in", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distinctions")),
    )
    op.create_index(op.f("ix_distinctions_matter"), "distinctions", ["matter"], unique=False)
    op.create_index(op.f("ix_distinctions_used_in"), "distinctions", ["used_in"], unique=False)
