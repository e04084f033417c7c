//! Accounts and transfers in PostgreSQL, and as much of its protocol as they
//! need: <https://www.postgresql.org/docs/15/protocol.html>. A real crate would
//! take a client from crates.io; this one needs nothing, so that the example
//! starts at once.

use std::io::{Error, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};

/// The schema, as the pipeline's step `schema` checks it too.
pub const SCHEMA: &str = include_str!("../migrations/0001_accounts.sql");

/// A connection to a server that trusts it.
pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Connects as a user to the database of the same name.
    pub fn connect(address: impl ToSocketAddrs, user: &str) -> Result<Client> {
        let mut client = Client {
            stream: TcpStream::connect(address)?,
        };
        let mut startup = 196_608_u32.to_be_bytes().to_vec(); // protocol 3.0
        startup.extend(format!("user\0{user}\0\0").as_bytes());
        client.send(None, &startup)?;
        client.rows()?;
        Ok(client)
    }

    /// Runs SQL and returns the rows, all values as text; null is empty.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.rows()
    }

    /// Moves an amount from one account to another, wholly or not at all.
    pub fn transfer(&mut self, payer: &str, payee: &str, amount: i64) -> Result<()> {
        let quote = |name: &str| format!("'{}'", name.replace('\'', "''"));
        let sql = format!("SELECT transfer({}, {}, {amount})", quote(payer), quote(payee));
        self.query(&sql).map(drop)
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend((body.len() as u32 + 4).to_be_bytes());
        message.extend(body);
        self.stream.write_all(&message)
    }

    /// Reads up to "ready for query". An error of the server is returned then.
    fn rows(&mut self) -> Result<Vec<Vec<String>>> {
        let mut rows = Vec::new();
        let mut failure = None;
        loop {
            let mut head = [0; 5];
            self.stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; length as usize - 4];
            self.stream.read_exact(&mut body)?;
            match head[0] {
                b'D' => rows.push(row(&body)),
                b'E' => failure = Some(Error::other(message(&body))),
                b'Z' => return failure.map_or(Ok(rows), Err),
                _ => {}
            }
        }
    }
}

/// The values of a DataRow message.
fn row(mut body: &[u8]) -> Vec<String> {
    let mut values = Vec::new();
    body = &body[2..];
    while body.len() >= 4 {
        let length = i32::from_be_bytes([body[0], body[1], body[2], body[3]]);
        let end = 4 + usize::try_from(length).unwrap_or(0);
        values.push(String::from_utf8_lossy(&body[4..end]).into_owned());
        body = &body[end..];
    }
    values
}

/// The field M of an ErrorResponse message: what went wrong.
fn message(body: &[u8]) -> String {
    body.split(|b| *b == 0)
        .find_map(|field| field.strip_prefix(b"M"))
        .map_or_else(String::new, |m| String::from_utf8_lossy(m).into_owned())
}
