//! The Merkle tree of RFC 6962: what proves that a log only ever grew. Pure: hashes in, hashes out.
//!
//! [`Tree`] forgets its leaves and knows its root; the audit log grows one. [`ProvingTree`] keeps every node and
//! proves that a leaf is in it and that it grew from an earlier tree; the log of issued certificates is one.
//! [`verify_inclusion`] and [`verify_consistency`] are for those who receive such proofs.

use sha2::{Digest as _, Sha256};

/// A hash in the tree.
pub type Hash = [u8; 32];

fn digest_parts(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Hash of a leaf.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    digest_parts(&[&[0], entry])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    digest_parts(&[&[1], left, right])
}

/// The root of a tree without leaves: the hash of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    digest_parts(&[])
}

/// A tree that forgets its leaves: its frontier is the roots of its complete subtrees, largest first, one for
/// each set bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    frontier: Vec<Hash>,
}

impl Tree {
    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // Each trailing one of the size is a complete subtree as large as what was just completed.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.frontier.pop() else { break };
            root = node(&left, &root);
        }
        self.frontier.push(root);
        self.size += 1;
    }

    /// The root over all leaves; of no leaves, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut roots = self.frontier.iter().rev();
        let Some(first) = roots.next() else { return empty_root() };
        roots.fold(*first, |right, left| node(left, &right))
    }

    /// The frontier, largest subtree first, to be stored.
    #[must_use]
    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }

    /// A stored tree. `None` when the frontier does not fit the size.
    #[must_use]
    pub fn restore(size: u64, frontier: Vec<Hash>) -> Option<Self> {
        (frontier.len() == size.count_ones() as usize).then_some(Self { size, frontier })
    }
}

/// A tree that keeps the roots of all complete subtrees, about 64 bytes for each leaf, and answers with proofs
/// in a number of steps that grows with the logarithm of its size.
#[derive(Clone, Debug, Default)]
pub struct ProvingTree {
    /// `levels[h][i]` is the root of the leaves from `i << h` on, `1 << h` of them.
    levels: Vec<Vec<Hash>>,
}

impl ProvingTree {
    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for height in 0.. {
            if self.levels.len() == height {
                self.levels.push(Vec::new());
            }
            let level = &mut self.levels[height];
            level.push(hash);
            if level.len() % 2 == 1 {
                return;
            }
            hash = node(&level[level.len() - 2], &level[level.len() - 1]);
        }
    }

    /// The root over the first `size` leaves; `None` beyond the leaves there are.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| self.root_of(0, size))
    }

    /// Root of the leaves `from..to`. `from` is a multiple of the largest power of two in the range, as all
    /// ranges in these proofs are.
    fn root_of(&self, from: u64, to: u64) -> Hash {
        let size = to - from;
        if size == 0 {
            return empty_root();
        }
        if size.is_power_of_two() {
            let height = size.trailing_zeros();
            // A tree of more leaves than fit usize cannot be in memory.
            return self.levels[height as usize][(from >> height) as usize];
        }
        let split = left_size(size);
        node(&self.root_of(from, from + split), &self.root_of(from + split, to))
    }

    /// The proof that leaf `index` (from 0) is in the tree of the first `size` leaves; `None` when it is not.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut proof = Vec::new();
        while to - from > 1 {
            let middle = from + left_size(to - from);
            if index < middle {
                proof.push(self.root_of(middle, to));
                to = middle;
            } else {
                proof.push(self.root_of(from, middle));
                from = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The proof that the tree of `size` leaves grew from the tree of its first `earlier` leaves; `None` when
    /// `earlier` is 0 or larger than `size`, or `size` is larger than the tree.
    #[must_use]
    pub fn consistency_proof(&self, earlier: u64, size: u64) -> Option<Vec<Hash>> {
        if earlier == 0 || earlier > size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut proof = Vec::new();
        // Down to the subtree that ends where the earlier tree did.
        while to != earlier {
            let middle = from + left_size(to - from);
            if earlier <= middle {
                proof.push(self.root_of(middle, to));
                to = middle;
            } else {
                proof.push(self.root_of(from, middle));
                from = middle;
            }
        }
        if from != 0 {
            proof.push(self.root_of(from, to));
        }
        proof.reverse();
        Some(proof)
    }
}

/// Leaves in the left half: the largest power of two below the size.
fn left_size(size: u64) -> u64 {
    size.next_power_of_two() / 2
}

/// Whether this proof shows that `leaf` is number `index` (from 0) of the tree with this size and root.
/// RFC 9162 section 2.1.3.2.
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node(sibling, &hash);
            while place % 2 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether this proof shows that the tree with the second size and root holds all leaves of the first, in their
/// places. RFC 9162 section 2.1.4.2. A tree without leaves is before every tree, with an empty proof.
#[must_use]
pub fn verify_consistency(earlier: (u64, &Hash), later: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (earlier, later);
    if first == 0 || first == second {
        let same = first == 0 && *first_root == empty_root() || first == second && first_root == second_root;
        return same && proof.is_empty();
    }
    if first > second {
        return false;
    }
    let mut hashes = proof.iter();
    let start = if first.is_power_of_two() { Some(first_root) } else { hashes.next() };
    let Some(start) = start else { return false };
    let (mut place, mut last) = (first - 1, second - 1);
    while place % 2 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*start, *start);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            old = node(hash, &old);
            new = node(hash, &new);
            while place % 2 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new = node(&new, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old == *first_root && new == *second_root
}

#[cfg(test)]
mod tests {
    use super::{Hash, ProvingTree, Tree, empty_root, leaf, node, verify_consistency, verify_inclusion};

    const SIZE: u64 = 70;

    /// RFC 6962 section 2.1, as it is written there.
    fn reference(entries: &[Vec<u8>]) -> Hash {
        match entries {
            [] => empty_root(),
            [entry] => leaf(entry),
            _ => {
                let split = entries.len().next_power_of_two() / 2;
                node(&reference(&entries[..split]), &reference(&entries[split..]))
            }
        }
    }

    fn entries() -> Vec<Vec<u8>> {
        (0..SIZE).map(|n| vec![u8::try_from(n).expect("small"); 2]).collect()
    }

    #[test]
    fn grows_to_the_root_of_the_rfc_at_every_size() {
        let entries = entries();
        let (mut tree, mut proving) = (Tree::default(), ProvingTree::default());
        for size in 0..entries.len() {
            assert_eq!(tree.root(), reference(&entries[..size]), "at size {size}");
            assert_eq!(proving.root_at(size as u64), Some(tree.root()));
            assert_eq!(Tree::restore(size as u64, tree.frontier().to_vec()).as_ref(), Some(&tree));
            tree.push(leaf(&entries[size]));
            proving.push(leaf(&entries[size]));
        }
    }

    #[test]
    fn every_leaf_is_proven_in_its_place_and_in_no_other() {
        let entries = entries();
        let mut tree = ProvingTree::default();
        entries.iter().for_each(|entry| tree.push(leaf(entry)));
        for size in 1..=SIZE {
            let root = tree.root_at(size).expect("a root");
            for index in 0..size {
                let proof = tree.inclusion_proof(index, size).expect("a proof");
                let own = leaf(&entries[index as usize]);
                assert!(verify_inclusion(&own, index, size, &root, &proof), "{index} of {size}");
                assert!(!verify_inclusion(&leaf(b"other"), index, size, &root, &proof));
                assert!(!verify_inclusion(&own, (index + 1) % size, size, &root, &proof) || size == 1);
                let longer = [&proof[..], &[own]].concat();
                assert!(!verify_inclusion(&own, index, size, &root, &longer));
            }
            assert_eq!(tree.inclusion_proof(size, size), None);
        }
    }

    #[test]
    fn growth_is_proven_and_nothing_else_is() {
        let mut tree = ProvingTree::default();
        entries().iter().for_each(|entry| tree.push(leaf(entry)));
        for second in 1..=SIZE {
            let later = tree.root_at(second).expect("a root");
            for first in 1..=second {
                let earlier = tree.root_at(first).expect("a root");
                let proof = tree.consistency_proof(first, second).expect("a proof");
                assert!(verify_consistency((first, &earlier), (second, &later), &proof), "{first} {second}");
                let forged = leaf(b"forged");
                assert!(!verify_consistency((first, &forged), (second, &later), &proof));
                assert!(!verify_consistency((first, &earlier), (second, &forged), &proof));
                if let Some((last, rest)) = proof.split_last() {
                    assert!(!verify_consistency((first, &earlier), (second, &later), rest), "{last:?}");
                }
            }
        }
        assert_eq!(tree.consistency_proof(0, 5), None);
        assert_eq!(tree.consistency_proof(6, 5), None);
    }
}
