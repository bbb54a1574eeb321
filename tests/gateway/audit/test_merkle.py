"""The tree against the reference vectors of RFC 6962 and RFC 9162 (Certificate Transparency's own tests)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import merkle

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [  # leaf (from 0), size, path
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [  # first size, second size, path
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


class Grown:
    """A tree with all its nodes at hand."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = [merkle.leaf_hash(leaf) for leaf in leaves]
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.tree = merkle.Growing()
        self.roots = [self.tree.root()]
        for leaf in self.leaves:
            self.nodes.update(((level, index), made) for level, index, made in self.tree.add(leaf))
            self.roots.append(self.tree.root())

    def hash_at(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


@pytest.fixture(scope="module")
def reference() -> Grown:
    return Grown(LEAVES)


def test_the_empty_tree_has_the_hash_of_nothing(reference: Grown) -> None:
    """The root of an empty log is SHA-256 of the empty string."""
    assert reference.roots[0].hex() == EMPTY
    assert merkle.root_at(0, reference.hash_at).hex() == EMPTY


def test_roots_are_those_of_the_reference(reference: Grown) -> None:
    """Each size of the reference log has its published root, grown or read from stored nodes."""
    assert [root.hex() for root in reference.roots[1:]] == ROOTS
    assert [merkle.root_at(size, reference.hash_at).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize(("leaf", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(reference: Grown, leaf: int, size: int, path: list[str]) -> None:
    """The published inclusion paths come out, and verify under the published roots."""
    proof = merkle.inclusion_proof(leaf, size, reference.hash_at)
    assert [step.hex() for step in proof] == path
    assert merkle.includes(reference.leaves[leaf], leaf, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(
    reference: Grown, first: int, second: int, path: list[str]
) -> None:
    """The published consistency paths come out, and verify between the published roots."""
    proof = merkle.consistency_proof(first, second, reference.hash_at)
    assert [step.hex() for step in proof] == path
    first_root, second_root = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    assert merkle.extends(first, second, first_root, second_root, proof)


@given(st.integers(1, 70), st.data())
def test_a_proof_shows_its_own_leaf_and_no_other(size: int, data: st.DataObject) -> None:
    """An inclusion proof verifies for its leaf, place, size and root, and for nothing else."""
    grown = Grown([bytes([number]) for number in range(size)])
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, grown.hash_at)
    root = grown.roots[size]
    assert merkle.includes(grown.leaves[index], index, size, proof, root)
    assert merkle.includes(grown.leaves[other], index, size, proof, root) == (other == index)
    assert not merkle.includes(grown.leaves[index], index, size, proof, grown.roots[size - 1])
    assert not merkle.includes(grown.leaves[index], index, size, [*proof, root], root)
    if proof:
        assert not merkle.includes(grown.leaves[index], index, size, proof[:-1], root)


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_log_extends_its_own_past_and_no_other(one: int, two: int) -> None:
    """A consistency proof verifies between two sizes of one log, and not with another root."""
    first, second = sorted((one, two))
    grown = Grown([bytes([number]) for number in range(second)])
    proof = merkle.consistency_proof(first, second, grown.hash_at)
    assert merkle.extends(first, second, grown.roots[first], grown.roots[second], proof)
    assert not merkle.extends(first, second, b"x" * 32, grown.roots[second], proof)
    if first:
        assert not merkle.extends(first, second, grown.roots[first], b"x" * 32, proof)


def test_a_tree_can_be_grown_on_from_its_stored_nodes(reference: Grown) -> None:
    """Growing from size 5 with the stored hashes gives the same roots as growing from nothing."""
    tree = merkle.Growing(5, reference.hash_at)
    for leaf in reference.leaves[5:]:
        list(tree.add(leaf))
    assert tree.root().hex() == ROOTS[7]


def test_a_proof_of_what_is_not_there_is_refused(reference: Grown) -> None:
    """A leaf beyond the size, or a first tree larger than the second, has no proof."""
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_proof(8, 8, reference.hash_at)
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency_proof(5, 4, reference.hash_at)
