//! The Merkle tree of RFC 6962, grown leaf by leaf from its frontier: the roots of its complete subtrees,
//! largest first, one for each set bit of the size.

use super::digest_parts;

/// Hash of a leaf.
pub(crate) fn leaf(line: &[u8]) -> [u8; 32] {
    digest_parts(&[&[0], line])
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    digest_parts(&[&[1], left, right])
}

/// A tree that forgets its leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    size: u64,
    frontier: Vec<[u8; 32]>,
}

impl Tree {
    /// Leaves so far.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub(crate) fn push(&mut self, leaf: [u8; 32]) {
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
    pub(crate) fn root(&self) -> [u8; 32] {
        let mut roots = self.frontier.iter().rev();
        let Some(first) = roots.next() else { return digest_parts(&[]) };
        roots.fold(*first, |right, left| node(left, &right))
    }

    /// The frontier as text, to be stored.
    pub(crate) fn frontier_text(&self) -> String {
        self.frontier.iter().map(hex::encode).collect::<Vec<_>>().join(" ")
    }

    /// A stored tree. `None` when the frontier does not fit the size.
    pub(crate) fn restore(size: u64, frontier: &str) -> Option<Self> {
        let mut roots = Vec::new();
        for text in frontier.split_whitespace() {
            let mut root = [0; 32];
            hex::decode_to_slice(text, &mut root).ok()?;
            roots.push(root);
        }
        (roots.len() == size.count_ones() as usize).then_some(Self { size, frontier: roots })
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, digest_parts, leaf, node};

    /// RFC 6962 section 2.1, as it is written there.
    fn reference(lines: &[Vec<u8>]) -> [u8; 32] {
        match lines {
            [] => digest_parts(&[]),
            [line] => leaf(line),
            _ => {
                let split = lines.len().next_power_of_two() / 2;
                node(&reference(&lines[..split]), &reference(&lines[split..]))
            }
        }
    }

    #[test]
    fn grows_to_the_root_of_the_rfc_at_every_size() {
        let lines: Vec<Vec<u8>> = (0..70u8).map(|n| vec![n, n]).collect();
        let mut tree = Tree::default();
        for size in 0..lines.len() {
            assert_eq!(tree.root(), reference(&lines[..size]), "at size {size}");
            let restored = Tree::restore(size as u64, &tree.frontier_text());
            assert_eq!(restored.as_ref(), Some(&tree));
            tree.push(leaf(&lines[size]));
        }
    }
}
