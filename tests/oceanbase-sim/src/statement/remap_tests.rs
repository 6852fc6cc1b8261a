use super::super::{Action, parse};
use super::*;

fn read(version: &str, remap: &str) -> Option<RecoverTable> {
    let text = format!(
        "ALTER SYSTEM RECOVER TABLE *.* TO TENANT = t FROM 'file:///d' WITH 'pool_list=p' REMAP {remap}"
    );
    match parse(&text, version.parse().unwrap()).action {
        Ok(Action::RecoverTable(asked)) => Some(asked),
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            assert_eq!(error.code, 1064, "{remap}");
            None
        }
    }
}

/// Returns which of 4.2.1.0, 4.2.1.3, 4.2.1.4 and 4.3.5.1 accept a pair.
fn accepted(remap: &str) -> [bool; 4] {
    ["4.2.1.0", "4.2.1.3", "4.2.1.4", "4.3.5.1"].map(|version| read(version, remap).is_some())
}

#[test]
fn plain_pairs_are_read_by_every_release() {
    for remap in [
        "TABLE a.b:c.d",
        "TABLE a.b:c",
        "TABLE a.*:c.*",
        "TABLE a.b:c.d, a.e:f REMAP TABLEGROUP x:y REMAP TABLESPACE x:y",
        "TABLE größe.b:c.d",
        "TABLE a.b:c.order",
    ] {
        assert_eq!(accepted(remap), [true; 4], "{remap}");
    }
}

#[test]
fn a_quote_or_a_blank_needs_names() {
    for remap in [
        "TABLE `a`.`b`:`c`.`d`",
        "TABLE `a`.`b`:c.d",
        "TABLE a.b:`c`",
        "TABLE a.b : c.d",
        "TABLE `my-db`.`1`:`my-db`.`new table`",
        "TABLEGROUP `x`:y",
    ] {
        assert_eq!(accepted(remap), [false, true, true, true], "{remap}");
    }
}

#[test]
fn a_plain_source_does_not_go_with_a_quoted_target_of_two_names() {
    assert_eq!(accepted("TABLE a.b:`c`.`d`"), [false, true, false, false]);
}

#[test]
fn a_reserved_word_is_a_database_only_where_the_name_is_one_token() {
    assert_eq!(accepted("TABLE order.b:c.d"), [true, false, true, true]);
    assert_eq!(accepted("TABLE a.b:table"), [true, false, false, false]);
}

#[test]
fn digits_alone_are_a_number() {
    assert_eq!(accepted("TABLE a.1:b.c"), [true, false, false, false]);
    assert_eq!(accepted("TABLE a.2024_orders:b.c"), [true; 4]);
}

#[test]
fn what_is_no_pair_is_read_by_no_release() {
    for remap in [
        "TABLE a.b",
        "TABLE a:b",
        "TABLE a.*:c.d",
        "TABLE a.b:c.*",
        "COLUMN a:b",
        "TABLE a.b:-",
    ] {
        assert_eq!(accepted(remap), [false; 4], "{remap}");
    }
}

#[test]
fn a_lone_target_stays_in_its_database() {
    let asked = read("4.3.5.1", "TABLE a.b:c").unwrap();
    let name = |database: &str, table: &str| TableName {
        database: database.to_owned(),
        table: table.to_owned(),
    };
    assert_eq!(asked.tables, [(name("a", "b"), name("a", "c"))]);
}

#[test]
fn a_clause_that_stands_there_twice_is_remembered() {
    let asked = read("4.3.5.1", "TABLE a.b:c REMAP TABLE d.e:f").unwrap();
    assert_eq!((asked.repeated, asked.tables.len()), (Some("TABLE"), 2));
}
