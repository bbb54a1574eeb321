"""The append-only log: what was done, provably in this order, before anyone is told.

An entry is written in the transaction of its act. A sequencer then lays entries into a Merkle tree
(RFC 9162) and signs checkpoints of it (C2SP). `verify` recomputes all of it from the rows.

    audit.record(session, "consent.given", check.id, consent=consent.id)
    checkpoint = audit.sequence()
    audit.covered(session, entry_id)
"""

from gateway.audit.entries import about, commitment, entry, opening, record, says, superseded
from gateway.audit.note import Checkpoint
from gateway.audit.sequence import (
    consistency_proof,
    covered,
    inclusion_proof,
    init,
    latest,
    sequence,
    verifier_key,
)
from gateway.audit.verify import Misfit, Verification, verify, verify_tail, waiting, waiting_since

__all__ = [
    "Checkpoint",
    "Misfit",
    "Verification",
    "about",
    "commitment",
    "consistency_proof",
    "covered",
    "entry",
    "inclusion_proof",
    "init",
    "latest",
    "opening",
    "record",
    "says",
    "sequence",
    "superseded",
    "verifier_key",
    "verify",
    "verify_tail",
    "waiting",
    "waiting_since",
]
