//! `RECOVER TABLE`.

use std::fmt;

use super::parser::{Parsed, Parser};
use super::{Action, Kind, Until, release};

/// A table and its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`.`{}`", self.database, self.table)
    }
}

/// The tables to recover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Objects {
    /// `*.*`.
    #[default]
    All,
    /// `db.*`, one or several.
    Databases(Vec<String>),
    /// `db.tb`, one or several.
    Tables(Vec<TableName>),
}

/// The body of `ALTER SYSTEM RECOVER TABLE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoverTable {
    /// The tables to recover.
    pub objects: Objects,
    /// The target tenant.
    pub tenant: String,
    /// `FROM`.
    pub from: Option<String>,
    /// `UNTIL`.
    pub until: Until,
    /// `WITH`.
    pub options: String,
    /// `REMAP TABLE a.b:c.d`, from and to.
    pub tables: Vec<(TableName, TableName)>,
    /// `REMAP TABLE a.*:c.*`, from and to.
    pub databases: Vec<(String, String)>,
    /// `REMAP TABLEGROUP`.
    pub tablegroups: Vec<(String, String)>,
    /// `REMAP TABLESPACE`.
    pub tablespaces: Vec<(String, String)>,
    /// `DESCRIPTION`.
    pub description: String,
    /// Whether a partition is named, which no release recovers.
    pub partition: bool,
    /// The kind of a `REMAP` clause that occurs twice.
    pub repeated: Option<&'static str>,
}

impl Parser<'_> {
    /// Parses a statement of this file; `None` if it begins otherwise.
    pub(super) fn table_statement(&mut self) -> Parsed<Option<(Kind, Action)>> {
        if !self.since(release::RECOVER_TABLE) {
            return Ok(None);
        }
        let found = if self.eat_words(&["CANCEL", "RECOVER", "TABLE"]) {
            let tenant = self.tenant_name()?;
            (Kind::CancelRecoverTable, Action::CancelRecoverTable(tenant))
        } else if self.eat_words(&["RECOVER", "TABLE"]) {
            let asked = self.recover_table()?;
            (Kind::RecoverTable, Action::RecoverTable(asked))
        } else {
            return Ok(None);
        };
        self.end()?;
        Ok(Some(found))
    }

    fn recover_table(&mut self) -> Parsed<RecoverTable> {
        let (objects, partition) = self.objects()?;
        self.expect("TO")?;
        if self.eat("TENANT") {
            self.eat_sign('=');
        } else if !self.since(release::OPTIONAL_TENANT) {
            return Err(self.unexpected());
        }
        let mut asked = RecoverTable {
            objects,
            partition,
            tenant: self.tenant_name()?,
            from: self.from()?,
            until: self.until()?,
            ..RecoverTable::default()
        };
        self.expect("WITH")?;
        asked.options = self.string()?;
        self.keys()?;
        self.remaps(&mut asked)?;
        asked.description = self.description()?;
        Ok(asked)
    }

    /// Parses `*.*`, `db.*{,db.*}` or `db.tb{,db.tb}`; the last two do not mix. Also returns
    /// whether a partition is named, `db.tb:part`.
    fn objects(&mut self) -> Parsed<(Objects, bool)> {
        if self.eat_sign('*') {
            self.expect_sign('.')?;
            self.expect_sign('*')?;
            return Ok((Objects::All, false));
        }
        let (mut databases, mut tables) = (Vec::new(), Vec::new());
        let mut partition = false;
        loop {
            let database = self.name()?;
            self.expect_sign('.')?;
            if tables.is_empty() && self.eat_sign('*') {
                databases.push(database);
            } else if databases.is_empty() {
                let table = self.name()?;
                if self.eat_sign(':') {
                    self.name()?;
                    partition = true;
                }
                tables.push(TableName { database, table });
            } else {
                return Err(self.unexpected());
            }
            if !self.eat_sign(',') {
                break;
            }
        }
        let objects = if tables.is_empty() {
            Objects::Databases(databases)
        } else {
            Objects::Tables(tables)
        };
        Ok((objects, partition))
    }
}

#[cfg(test)]
mod tests {
    use super::super::newest as parse;
    use super::*;

    fn name(database: &str, table: &str) -> TableName {
        TableName {
            database: database.to_owned(),
            table: table.to_owned(),
        }
    }

    fn read(text: &str) -> RecoverTable {
        match parse(text).action {
            Ok(Action::RecoverTable(asked)) => asked,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tables_are_recovered_under_another_name() {
        let asked = read(
            "ALTER SYSTEM RECOVER TABLE shop.orders, shop.items TO TENANT = orders \
             FROM 'file:///d,file:///l' UNTIL SCN = 5 WITH 'pool_list=p' \
             REMAP TABLE shop.orders:shop.orders_old, shop.items:old.items DESCRIPTION = 'key'",
        );
        assert_eq!(
            asked.objects,
            Objects::Tables(vec![name("shop", "orders"), name("shop", "items")])
        );
        assert_eq!(
            asked.tables[1],
            (name("shop", "items"), name("old", "items"))
        );
        assert_eq!(
            (asked.tenant.as_str(), asked.until),
            ("orders", Until::Scn(5))
        );
    }

    #[test]
    fn whole_databases_can_be_asked_for() {
        let one = read("ALTER SYSTEM RECOVER TABLE shop.* TO orders WITH 'pool_list=p'");
        assert_eq!(one.objects, Objects::Databases(vec!["shop".to_owned()]));
        let all = read("ALTER SYSTEM RECOVER TABLE *.* TO orders WITH 'pool_list=p'");
        assert_eq!(all.objects, Objects::All);
    }

    #[test]
    fn a_database_is_renamed_with_all_its_tables() {
        let asked = read(
            "ALTER SYSTEM RECOVER TABLE `shop`.* TO orders WITH 'pool_list=p' \
             REMAP TABLE `shop`.*:`old`.*",
        );
        assert_eq!(asked.databases, [("shop".to_owned(), "old".to_owned())]);
        let mixed = "ALTER SYSTEM RECOVER TABLE shop.* TO orders WITH 'pool_list=p' \
                     REMAP TABLE shop.*:old.orders";
        assert_eq!(parse(mixed).action.unwrap_err().code, 1064);
    }

    #[test]
    fn databases_and_tables_do_not_mix() {
        let text = "ALTER SYSTEM RECOVER TABLE shop.*, shop.items TO orders WITH 'pool_list=p'";
        assert_eq!(parse(text).action.unwrap_err().code, 1064);
    }
}
