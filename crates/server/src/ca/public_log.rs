//! The tree over the public log, grown from the store's leaves.

use std::sync::{PoisonError, RwLock};

use eligibility::Instant;
use eligibility::merkle::{Hash, ProvingTree};
use pki::keys::{PrivateKey, PublicKey};
use pki::transparency::{self, SignedHead};
use store::{LOG_ENTRIES_MAX, Store, StoredHead};

use super::NotIssued;

/// A head is signed anew after this long, grown or not: who watches sees that the log is alive.
const HEAD_MAX_AGE_MS: i64 = 12 * 60 * 60 * 1000;

/// The log's tree in memory (64 bytes for each certificate) and its key, which is not the issuing key.
pub struct PublicLog {
    key: PrivateKey,
    tree: RwLock<ProvingTree>,
}

impl PublicLog {
    /// An empty tree, to be grown.
    #[must_use]
    pub fn new(key: PrivateKey) -> Self {
        Self { key, tree: RwLock::default() }
    }

    /// The key that heads are signed with.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Leaves known.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.read(ProvingTree::size)
    }

    /// Looks at the tree.
    pub fn read<T>(&self, look: impl FnOnce(&ProvingTree) -> T) -> T {
        look(&self.tree.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads new leaves and signs a head when there are any, or the newest head is old.
    ///
    /// # Errors
    /// A fault of the store or of signing.
    pub async fn advance(&self, store: &Store, now: Instant) -> Result<(), NotIssued> {
        self.grow(store).await?;
        let newest = store.log_heads(1).await?.into_iter().next();
        let size = self.size();
        let told = newest.as_ref().map(|head| (u64::try_from(head.size).unwrap_or(0), head.signed_at));
        let due = match told {
            None => size > 0,
            Some((told, at)) => size > told || now.0 - at.0 >= HEAD_MAX_AGE_MS,
        };
        let Some(root) = self.read(|tree| tree.root_at(size)).filter(|_| due) else { return Ok(()) };
        let head = self.sign(size, root, now)?;
        Ok(store.put_log_head(head).await?)
    }

    fn sign(&self, size: u64, root: Hash, now: Instant) -> Result<StoredHead, NotIssued> {
        let head = SignedHead::sign(&self.key, size, root, now)?;
        Ok(StoredHead {
            size: i64::try_from(head.size).unwrap_or(i64::MAX),
            signed_at: head.signed_at,
            root_hash: head.root,
            signature: head.signature,
        })
    }

    async fn grow(&self, store: &Store) -> Result<(), NotIssued> {
        loop {
            let from = i64::try_from(self.size()).unwrap_or(i64::MAX);
            let entries = store.log_entries(from, LOG_ENTRIES_MAX).await?;
            let full = entries.len() == LOG_ENTRIES_MAX as usize;
            let mut leaves = Vec::with_capacity(entries.len());
            for (entry, place) in entries.iter().zip(from..) {
                if entry.leaf_index != place {
                    return Err(store::Error::Malformed { what: "certificate_log" }.into());
                }
                leaves.push(transparency::leaf(&entry.certificate, entry.logged_at)?);
            }
            let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
            // Another task may have grown it meanwhile.
            if i64::try_from(tree.size()).is_ok_and(|size| size == from) {
                leaves.into_iter().for_each(|leaf| tree.push(leaf));
            }
            drop(tree);
            if !full {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for PublicLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicLog").field("size", &self.size()).finish_non_exhaustive()
    }
}
