//! What somebody does who may write every row of the database: past the store, behind the server's back.

use eligibility::institution::InstitutionCode;

/// Says that `by` more entries of an institution's chain are in the audit log's tree than are.
pub async fn move_audit_mark(url: &str, institution: &InstitutionCode, by: i64) {
    let sql = format!(
        "UPDATE audit_integrated SET sequence = sequence + {by} WHERE institution_code = '{institution}'"
    );
    change(url, &sql).await;
}

/// Takes the last head of the audit log back, which covers `tree_size` entries, and the one entry it added.
pub async fn take_audit_head_back(url: &str, institution: &InstitutionCode, head: i64, tree_size: u64) {
    let chain = format!("institution_code = '{institution}'");
    let sql = format!(
        "DELETE FROM audit_tree_head WHERE head_number = {head}; \
         UPDATE audit_integrated SET sequence = sequence - 1 WHERE {chain}; \
         DELETE FROM audit_run WHERE first_leaf = {tree_size} - 1; \
         DELETE FROM audit WHERE {chain} AND sequence = (SELECT MAX(sequence) FROM audit WHERE {chain})"
    );
    change(url, &sql).await;
}

/// Changes after which something of the audit log can no longer be read: the newest head's tree, the heads, the
/// entries.
pub const MAKE_AUDIT_LOG_UNREADABLE: [&str; 3] = [
    "UPDATE audit_tree_head SET frontier = 'x'",
    "UPDATE audit_tree_head SET signature = substr(signature, 1, 5)",
    "UPDATE audit SET previous_hash = substr(previous_hash, 1, 5)",
];
/// Keeps what [`MAKE_AUDIT_LOG_UNREADABLE`] changes.
pub const KEEP_AUDIT_LOG: &str = "CREATE TABLE kept_head AS SELECT * FROM audit_tree_head; \
     CREATE TABLE kept_entry AS SELECT * FROM audit";
/// Puts back what was kept.
pub const PUT_AUDIT_LOG_BACK: &str = "DELETE FROM audit_tree_head; \
     INSERT INTO audit_tree_head SELECT * FROM kept_head; \
     DELETE FROM audit; INSERT INTO audit SELECT * FROM kept_entry";
/// Makes the database answer with an error whenever the audit log is to be signed.
pub const STOP_SIGNING: &str = "ALTER TABLE audit_run RENAME TO audit_run_away";
/// Undoes [`STOP_SIGNING`].
pub const LET_SIGN_AGAIN: &str = "ALTER TABLE audit_run_away RENAME TO audit_run";

/// Runs any of these statements.
pub async fn change(url: &str, sql: &str) {
    if let Some(file) = url.strip_prefix("sqlite:") {
        let database = rusqlite::Connection::open(file).expect("the database");
        // Half of a SQLite database is in a file beside it.
        let people = file
            .strip_suffix(".db")
            .map_or_else(|| format!("{file}-people"), |name| format!("{name}-people.db"));
        database.execute("ATTACH DATABASE ?1 AS people", [people]).expect("the people");
        return database.execute_batch(sql).expect("changed");
    }
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the database");
    tokio::spawn(connection);
    client.batch_execute(sql).await.expect("changed");
}
