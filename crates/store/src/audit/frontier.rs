//! The audit log's Merkle tree between two runs: its frontier as text in the database.

use eligibility::merkle::{Hash, Tree};

/// The frontier as text, to be stored.
pub(crate) fn text(tree: &Tree) -> String {
    tree.frontier().iter().map(hex::encode).collect::<Vec<_>>().join(" ")
}

/// A stored tree. `None` when the frontier does not fit the size.
pub(crate) fn restore(size: u64, frontier: &str) -> Option<Tree> {
    let mut roots: Vec<Hash> = Vec::new();
    for text in frontier.split_whitespace() {
        let mut root = [0; 32];
        hex::decode_to_slice(text, &mut root).ok()?;
        roots.push(root);
    }
    Tree::restore(size, roots)
}

#[cfg(test)]
mod tests {
    use eligibility::merkle::{Tree, leaf};

    #[test]
    fn comes_back_as_it_was() {
        let mut tree = Tree::default();
        for size in 0..20_u64 {
            assert_eq!(super::restore(size, &super::text(&tree)).as_ref(), Some(&tree));
            assert_eq!(super::restore(size + 4096, &super::text(&tree)), None);
            tree.push(leaf(&size.to_be_bytes()));
        }
    }
}
