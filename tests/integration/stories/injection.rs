//! Stories of SQL injection, which must fail from fields that the schema accepts, objects from
//! before the schema's rules, values of Secrets, and names in the database.
//!
//! The fields are found in the schemas, so new fields are included. Sent statements are compared by
//! shape, without their literals. A world without hostile values provides all allowed shapes.

mod before_schema;
mod elsewhere;
mod fields;
mod let_through;
mod shapes;

use serde_json::{Value, json};

/// Returns a server for the hundreds of tenants of these worlds. Without room, a recovery is
/// refused before its fields are checked.
fn roomy() -> Value {
    json!({"cpu": 100_000, "memory": "900TiB", "logDisk": "9000TiB"})
}

/// Text that breaks a lexer, a URI or a path.
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
