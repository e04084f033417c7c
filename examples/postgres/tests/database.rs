//! Runs against the PostgreSQL that the pipeline's service is: its name is `db`.

use ledger::{Client, SCHEMA};

fn database() -> Client {
    let address = std::env::var("DATABASE").expect("DATABASE is the address of the server, HOST:PORT");
    Client::connect(address, "postgres").expect("connect")
}

#[test]
fn transfers_are_whole() {
    let mut db = database();
    db.query(SCHEMA).expect("make the tables");
    db.query("INSERT INTO account VALUES ('ann', 100), ('bob', 0)")
        .expect("open accounts");

    db.transfer("ann", "bob", 30).expect("a transfer that is covered");
    let refused = db
        .transfer("ann", "bob", 71)
        .expect_err("a transfer that is not covered");
    assert!(refused.to_string().contains("account_balance_check"), "{refused}");

    let balances = db
        .query("SELECT name, balance FROM account ORDER BY name")
        .expect("read the balances");
    assert_eq!(balances, [["ann", "70"], ["bob", "30"]]);
}

#[test]
fn it_is_a_real_server() {
    let version = database().query("SHOW server_version").expect("ask for the version");
    println!("PostgreSQL {}", version[0][0]);
    assert!(version[0][0].starts_with("15."), "{version:?}");
}
