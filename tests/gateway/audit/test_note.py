"""Signed notes against the example of the Go module `golang.org/x/mod/sumdb/note`, from which C2SP's form comes."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.audit import note

NAME = "PeterNeumann"
VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n\u2014 PeterNeumann {SIGNATURE}\n"
PUBLIC = Ed25519PublicKey.from_public_bytes(base64.b64decode(VERIFIER_KEY.split("+", 2)[2])[1:])
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def test_the_published_note_opens() -> None:
    """A note signed by the reference implementation opens with its published key."""
    assert note.opened(NOTE, NAME, PUBLIC) == TEXT


def test_the_published_key_is_written_as_published() -> None:
    """The key id and the verifier key come out as the reference implementation writes them."""
    assert note.verifier_key(NAME, PUBLIC) == VERIFIER_KEY


@pytest.mark.parametrize(
    "changed",
    [
        NOTE.replace("answer", "solution"),
        NOTE.replace("x08go/ZJ", "x08go/ZK"),
        NOTE.replace("\u2014 Peter", "- Peter"),
        NOTE.replace("x08go", "y08go"),
        NOTE.replace("x08go/", "not base64!"),
        TEXT,
        "",
    ],
)
def test_a_changed_note_does_not_open(changed: str) -> None:
    """A changed text, signature, key id or form is refused."""
    with pytest.raises(note.BadNote):
        note.opened(changed, NAME, PUBLIC)


def test_a_note_of_another_key_of_the_same_name_does_not_open() -> None:
    """The name alone is not enough."""
    with pytest.raises(note.BadNote, match="not signed by this key"):
        note.opened(note.sign(TEXT, NAME, PRIVATE), NAME, PUBLIC)


def test_a_checkpoint_is_written_and_read_back() -> None:
    """A checkpoint has origin, size and root on three lines; extension lines after them are allowed."""
    checkpoint = note.Checkpoint("gate.example/audit", 7, bytes(range(32)))
    assert checkpoint.text() == "gate.example/audit\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    signed = note.sign(checkpoint.text(), "gate.example/audit", PRIVATE)
    assert note.read_checkpoint(note.opened(signed, "gate.example/audit", PRIVATE.public_key())) == checkpoint
    assert note.read_checkpoint(checkpoint.text() + "an extension\n") == checkpoint


@pytest.mark.parametrize("text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "\n1\nAAAA\n", "a\n1\nA!\n"])
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    """Missing lines, signs, leading zeros and bad base64 are refused."""
    with pytest.raises(note.BadNote):
        note.read_checkpoint(text)


@pytest.mark.parametrize(("text", "name"), [("no newline", "a"), ("t\n", "a b"), ("t\n", "a+b"), ("t\n", "")])
def test_what_cannot_be_a_note_is_not_signed(text: str, name: str) -> None:
    """A text without newline at its end, or a key name with spaces or plus signs, is refused."""
    with pytest.raises(ValueError, match="note"):
        note.sign(text, name, PRIVATE)
