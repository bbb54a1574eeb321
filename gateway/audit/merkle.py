"""The Merkle tree of RFC 9162 §2.1: hashes, roots, proofs and their verification. Pure; it stores nothing.

A node is named by its level and its index there: (0, i) is leaf i, and (l, i) is the hash over the 2^l leaves
that begin at i * 2^l. Only complete nodes have a name; the rest of a tree is worked out from them.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

HashAt = Callable[[int, int], bytes]
Node = tuple[int, int, bytes]

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry, with the prefix that keeps leaves and inner nodes apart (§2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (§2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that leaves are added to; it keeps only the hashes of its complete left subtrees."""

    def __init__(self, size: int = 0, hash_at: HashAt | None = None) -> None:
        self.size = size
        self._peaks: list[bytes] = []
        if size and hash_at is None:
            raise ValueError("a tree that has leaves needs their hashes")
        if hash_at is not None:
            self._peaks = [hash_at(level, index) for level, index in _peaks(size)]

    def add(self, leaf: bytes) -> Iterator[Node]:
        """Add the hash of a leaf; gives the nodes that are complete by it, the leaf first."""
        level, index, made = 0, self.size, leaf
        yield level, index, made
        while index & 1:
            made = node_hash(self._peaks.pop(), made)
            level, index = level + 1, index >> 1
            yield level, index, made
        self._peaks.append(made)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def _peaks(size: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that a tree of this size consists of, from the left."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def root_at(size: int, hash_at: HashAt) -> bytes:
    """The root that the tree had when it had `size` leaves."""
    return Growing(size, hash_at).root() if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """The path from leaf `index` to the root of the tree of `size` leaves (§2.1.3.1). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of this size")
    return _path(index, 0, size, hash_at)


def _path(index: int, start: int, size: int, hash_at: HashAt) -> list[bytes]:
    if size == 1:
        return []
    split = _split(size)
    if index < split:
        return [*_path(index, start, split, hash_at), _range(start + split, size - split, hash_at)]
    return [*_path(index - split, start + split, size - split, hash_at), _range(start, split, hash_at)]


def consistency_proof(first: int, second: int, hash_at: HashAt) -> list[bytes]:
    """That the tree of `first` leaves is the beginning of that of `second` (§2.1.4.1). Raises ValueError."""
    if not 0 <= first <= second:
        raise ValueError("the first tree must not be larger than the second")
    return [] if first in (0, second) else _subproof(first, 0, second, hash_at, whole=True)


def _subproof(first: int, start: int, size: int, hash_at: HashAt, *, whole: bool) -> list[bytes]:
    if first == size:
        return [] if whole else [_range(start, size, hash_at)]
    split = _split(size)
    if first <= split:
        left = _subproof(first, start, split, hash_at, whole=whole)
        return [*left, _range(start + split, size - split, hash_at)]
    right = _subproof(first - split, start + split, size - split, hash_at, whole=False)
    return [*right, _range(start, split, hash_at)]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(start: int, size: int, hash_at: HashAt) -> bytes:
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return hash_at(level, start >> level)
    split = _split(size)
    return node_hash(_range(start, split, hash_at), _range(start + split, size - split, hash_at))


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether an inclusion proof shows the leaf under the root (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = node_hash(sibling, made)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def extends(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a consistency proof shows that the second tree only added to the first (§2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if not 0 < first < second or not proof:
        return False
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
