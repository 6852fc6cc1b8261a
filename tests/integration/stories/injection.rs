//! Nothing that somebody writes becomes SQL: not what the schema lets through, not what was stored
//! before the schema had its rules, not the values of Secrets, not the names in the database.
//!
//! The fields are found by walking the schemas: a new one is tried by itself. What was sent is
//! judged by its shape, the statement with each literal taken out: a world without hostile values
//! shows all shapes that there are.

mod before_schema;
mod elsewhere;
mod fields;
mod let_through;
mod shapes;

use serde_json::{Value, json};

/// A server for the hundreds of tenants of these worlds: one without room refuses a recovery before its
/// fields are looked at.
fn roomy() -> Value {
    json!({"cpu": 100_000, "memory": "900TiB", "logDisk": "9000TiB"})
}

/// What a lexer, a URI or a path trips over.
const HOSTILE: [&str; 30] = [
    "'",
    "''",
    "\"",
    "`",
    "\\",
    "\\'",
    ";",
    "; DROP TENANT orders",
    "'; DROP TENANT orders; -- ",
    "' TENANT = billing -- ",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!50000 x*/",
    "?host=evil.example.com",
    "&access_key=AKEVIL",
    " BINDING=Mandatory",
    ",x",
    "../../other",
    "/./x",
    "//x",
    "%27",
    "%2e%2e/",
    "\n",
    "\0",
    "\u{2019}",
    "\u{ff07}",
    "ä\u{202e}x",
];
