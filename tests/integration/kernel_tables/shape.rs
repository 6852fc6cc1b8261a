//! The shape of a statement: its words, without its values.

use std::iter::Peekable;
use std::str::Chars;

/// Returns the shape of a statement. Strings, quoted names, numbers and names of REMAP become
/// placeholders. A list of like items becomes the first and `…`.
pub(super) fn shape(statement: &str) -> String {
    let mut words = vec![String::new()];
    let mut rest = statement.chars().peekable();
    let mut is_remap = false;
    while let Some(&next) = rest.peek() {
        let word = words.last_mut().unwrap();
        match next {
            ' ' => {
                rest.next();
                if !word.is_empty() && !word.ends_with(',') {
                    is_remap = is_remap_after(word, is_remap);
                    words.push(String::new());
                }
            }
            '\'' | '`' => {
                quoted(&mut rest);
                word.extend([next, '?', next]);
            }
            '(' | ')' => {
                rest.next();
                words.push(next.to_string());
                words.push(String::new());
            }
            c if c.is_ascii_alphanumeric() || "_$".contains(c) => {
                let name = name(&mut rest);
                word.push_str(&value(&name, is_remap));
            }
            c => {
                rest.next();
                word.push(c);
            }
        }
    }
    let words = words.iter().filter(|word| !word.is_empty());
    words.map(|word| list(word)).collect::<Vec<_>>().join(" ")
}

/// Returns whether names of REMAP follow, which need no quotes.
fn is_remap_after(word: &str, is_remap: bool) -> bool {
    match word {
        "REMAP" => true,
        "DESCRIPTION" => false,
        _ => is_remap,
    }
}

/// Returns the placeholder of a word: `0` for a number, `name` for a name of REMAP.
fn value(word: &str, is_remap: bool) -> String {
    let keywords = ["TABLE", "TABLEGROUP", "TABLESPACE", "REMAP", "DESCRIPTION"];
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        "0".to_owned()
    } else if is_remap && !keywords.contains(&word) {
        "name".to_owned()
    } else {
        word.to_owned()
    }
}

fn quoted(rest: &mut Peekable<Chars<'_>>) {
    let quote = rest.next();
    for c in rest.by_ref() {
        if Some(c) == quote {
            break;
        }
    }
}

fn name(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut name = String::new();
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "_$".contains(*c)) {
        name.push(c);
    }
    name
}

/// Shortens a list of like items to the first and `…`.
fn list(word: &str) -> String {
    let items: Vec<_> = word.split(',').collect();
    match items[..] {
        [first, _, ..] if items.iter().all(|item| *item == first) => format!("{first},…"),
        _ => word.to_owned(),
    }
}

#[test]
fn values_do_not_change_the_shape_of_a_statement() {
    for (one, other) in [
        (
            "ALTER SYSTEM BACKUP TENANT = 't1' DESCRIPTION = 'k1'",
            "ALTER SYSTEM BACKUP TENANT = 'orders' DESCRIPTION = 'obb/8b1d/1'",
        ),
        (
            "RECOVER TABLE `a`.`b`, `a`.`c` TO TENANT = `t` REMAP TABLE db1.t1:db1.t2, a.b:c.d DESCRIPTION",
            "RECOVER TABLE `s`.`o`,`s`.`p`,`s`.`q` TO TENANT = `t` REMAP TABLE x.y:z.select,a.b:c.d DESCRIPTION",
        ),
        (
            "MAX_CPU 2, MEMORY_SIZE '4096M'",
            "MAX_CPU 16,MEMORY_SIZE '1M'",
        ),
        ("ZONE_LIST = ('a', 'b')", "ZONE_LIST = ('x','y','z')"),
    ] {
        assert_eq!(shape(one), shape(other));
    }
}

#[test]
fn words_quotes_and_the_number_of_items_make_another_shape() {
    for (one, other) in [
        ("BACKUP TENANT = 't'", "BACKUP INCREMENTAL TENANT = 't'"),
        ("CANCEL RESTORE `t`", "CANCEL RESTORE 't'"),
        (
            "REMAP TABLE a.b:c.d DESCRIPTION",
            "REMAP TABLE `a`.`b`:`c`.`d` DESCRIPTION",
        ),
        (
            "REMAP TABLE a.b:c.d DESCRIPTION",
            "REMAP TABLE a.b:`c`.`d` DESCRIPTION",
        ),
        (
            "REMAP TABLE a.*:b.* DESCRIPTION",
            "REMAP TABLE a.b:c.d DESCRIPTION",
        ),
        ("DELETE BACKUPSET 3", "DELETE BACKUPSET 3,4"),
    ] {
        assert_ne!(shape(one), shape(other));
    }
}
