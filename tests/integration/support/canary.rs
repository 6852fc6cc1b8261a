//! Values of Secrets, which may appear nowhere else except on the way to the database.
//!
//! Every Secret that a test writes is recorded here. When an operator or a world ends, the output
//! of the operators is searched for all values.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::ByteString;
use serde_json::Value;

/// A form in which a value can be written, and the value in it.
type Form = (&'static str, String);

/// Values of all Secrets so far, by any test, with their searched forms.
static PLANTED: Mutex<BTreeMap<String, Vec<Form>>> = Mutex::new(BTreeMap::new());

/// Shorter values occur by chance.
const SHORTEST: usize = 8;

/// Keys of Secrets whose values are not secret.
const OPEN: [&str; 2] = ["username", "ca.crt"];

/// Records the values of an object before it is written, if it is a Secret.
pub(crate) fn record(kind: &str, object: &Value) {
    if !kind.eq_ignore_ascii_case("secret") {
        return;
    }
    for (key, value) in object["stringData"].as_object().into_iter().flatten() {
        if OPEN.contains(&key.as_str()) {
            continue;
        }
        let value = value.as_str().unwrap_or_default().trim();
        assert!(
            value.is_empty() || value.len() >= SHORTEST,
            "'{value}' in a Secret's '{key}' is too short to be looked for: take a longer one"
        );
        plant(value);
    }
}

/// Records a value.
pub(crate) fn plant(value: &str) {
    if value.is_empty() {
        return;
    }
    let mut planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !planted.contains_key(value) {
        planted.insert(value.to_owned(), forms(value));
    }
}

/// Returns the first recorded value in a text, and its form there.
pub(crate) fn leak(place: &str, text: &str) -> Option<String> {
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    planted.iter().find_map(|(value, forms)| {
        let (form, _) = forms
            .iter()
            .find(|(_, form)| text.contains(form.as_str()))?;
        Some(format!("'{value}' stands in {place}, {form}"))
    })
}

/// Returns the possible forms of a value.
fn forms(value: &str) -> Vec<Form> {
    let bytes = value.as_bytes();
    let each = |write: fn(&u8) -> String| bytes.iter().map(write).collect::<Vec<_>>();
    let percent = |write: fn(u8) -> String| -> String {
        let one = |byte: &u8| match *byte {
            plain if plain.is_ascii_alphanumeric() || b"-_.~".contains(&plain) => {
                char::from(plain).to_string()
            }
            other => write(other),
        };
        bytes.iter().map(one).collect()
    };
    let mut forms = vec![
        ("as it is", value.to_owned()),
        ("quoted", format!("{value:?}").trim_matches('"').to_owned()),
        ("percent-encoded", percent(|byte| format!("%{byte:02X}"))),
        ("percent-encoded", percent(|byte| format!("%{byte:02x}"))),
        ("in hex", each(|byte| format!("{byte:02x}")).concat()),
        ("in hex", each(|byte| format!("{byte:02X}")).concat()),
        // The form of bytes in `Debug`, also of the client's type of a Secret.
        ("as numbers", each(u8::to_string).join(", ")),
        ("as numbers", each(u8::to_string).join(",")),
    ];
    for before in 0..3 {
        let text = base64(bytes, before);
        forms.push(("in base64", text.replace('+', "-").replace('/', "_")));
        forms.push(("in base64", text));
    }
    // Cut off at a width, at either end.
    if let (Some(head), Some(tail)) = (value.get(..value.len() / 2), value.get(value.len() / 2..))
        && value.len() >= 2 * SHORTEST
    {
        forms.push(("in part", head.to_owned()));
        forms.push(("in part", tail.to_owned()));
    }
    forms
}

/// Returns the base64 of these bytes after `before` other bytes, without the characters that encode
/// neighbouring bytes.
fn base64(bytes: &[u8], before: usize) -> String {
    let shifted = [&vec![0; before], bytes].concat();
    let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
    let text = serde_json::to_value(ByteString(shifted)).unwrap();
    text.as_str().unwrap()[from..to].to_owned()
}
