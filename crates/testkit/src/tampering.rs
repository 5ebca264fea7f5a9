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

/// Runs any statements.
pub async fn change(url: &str, sql: &str) {
    if let Some(file) = url.strip_prefix("sqlite:") {
        return rusqlite::Connection::open(file).expect("the database").execute_batch(sql).expect("changed");
    }
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the database");
    tokio::spawn(connection);
    client.batch_execute(sql).await.expect("changed");
}
