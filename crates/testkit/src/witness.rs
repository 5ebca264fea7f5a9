//! A look into the database past the store, as somebody would who does not take its word.

/// How many verifications are on record.
///
/// # Panics
/// When the database cannot be read.
pub async fn verifications(url: &str) -> i64 {
    const COUNT: &str = "SELECT COUNT(*) FROM verification";
    if let Some(file) = url.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(file).expect("the database");
        return connection.query_row(COUNT, [], |row| row.get(0)).expect("a count");
    }
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the database");
    tokio::spawn(connection);
    client.query_one(COUNT, &[]).await.expect("a count").get(0)
}
