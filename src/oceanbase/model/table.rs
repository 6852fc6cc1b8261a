//! Tables, their databases, and the temporary tenant of a recovery of tables.

use std::fmt;

/// Name of a database or table that is safe in a statement, in back quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// Longest name, in bytes.
    const LIMIT: usize = 64;

    /// Accepts letters, digits and `_$-`, at most 64: no character that ends back quotes or is
    /// ambiguous.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || "_$-".contains(c);
        let fits = (1..=Self::LIMIT).contains(&text.len());
        (fits && text.chars().all(is_good)).then(|| Self(text.to_owned()))
    }
}

impl Identifier {
    /// Returns whether the name needs no back quotes in REMAP on the releases that accept none
    /// there. Their parser reads a name that has only digits as a number.
    fn is_plain(&self) -> bool {
        !self.0.contains('-') && !self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for Identifier {
    /// Writes the name in back quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// A table and its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    database: Identifier,
    table: Identifier,
}

impl TableName {
    /// Parses `<database>.<table>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (database, table) = text.split_once('.')?;
        Some(Self {
            database: Identifier::parse(database)?,
            table: Identifier::parse(table)?,
        })
    }
}

impl TableName {
    fn is_plain(&self) -> bool {
        self.database.is_plain() && self.table.is_plain()
    }

    fn plain(&self) -> String {
        format!("{}.{}", self.database.0, self.table.0)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

/// Object that is recovered under the same or another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed<T> {
    /// Its name in the backup.
    pub from: T,
    /// Its name in the target.
    pub to: T,
}

/// Objects of a recovery into an existing tenant: tables or databases, because RECOVER TABLE cannot
/// mix them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tables {
    /// These tables.
    Single(Vec<Renamed<TableName>>),
    /// All tables of these databases.
    OfDatabases(Vec<Renamed<Identifier>>),
}

impl Tables {
    /// Returns the list after RECOVER TABLE.
    #[must_use]
    pub fn names(&self) -> String {
        match self {
            Self::Single(tables) => joined(tables.iter().map(|table| table.from.to_string())),
            Self::OfDatabases(all) => joined(all.iter().map(|one| format!("{}.*", one.from))),
        }
    }

    /// Returns the list after REMAP TABLE, or `None` if no name changes.
    ///
    /// Either all names have back quotes or none has: most releases reject a mixed list (1064).
    #[must_use]
    pub fn renames(&self, quoting: RemapQuoting) -> Option<String> {
        let renames = match (self, quoting) {
            (Self::Single(tables), RemapQuoting::Quoted) => {
                joined(renamed(tables).map(|table| format!("{}:{}", table.from, table.to)))
            }
            (Self::Single(tables), RemapQuoting::Plain) => joined(
                renamed(tables).map(|table| format!("{}:{}", table.from.plain(), table.to.plain())),
            ),
            (Self::OfDatabases(all), RemapQuoting::Quoted) => {
                joined(renamed(all).map(|one| format!("{}.*:{}.*", one.from, one.to)))
            }
            (Self::OfDatabases(all), RemapQuoting::Plain) => {
                joined(renamed(all).map(|one| format!("{}.*:{}.*", one.from.0, one.to.0)))
            }
        };
        (!renames.is_empty()).then_some(renames)
    }

    /// Returns the first name in REMAP TABLE that needs back quotes, in back quotes.
    #[must_use]
    pub fn name_that_needs_quotes(&self) -> Option<String> {
        match self {
            Self::Single(tables) => renamed(tables)
                .flat_map(|table| [&table.from, &table.to])
                .find(|name| !name.is_plain())
                .map(TableName::to_string),
            Self::OfDatabases(all) => renamed(all)
                .flat_map(|one| [&one.from, &one.to])
                .find(|name| !name.is_plain())
                .map(Identifier::to_string),
        }
    }
}

/// How names are written in REMAP TABLE. See `Capability::QuotedRemap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemapQuoting {
    /// With back quotes, from V4.2.1.3 on. Every name can be written so.
    Quoted,
    /// Without back quotes, as V4.2.1.0 to V4.2.1.2 require.
    Plain,
}

fn renamed<T: PartialEq>(all: &[Renamed<T>]) -> impl Iterator<Item = &Renamed<T>> {
    all.iter().filter(|one| one.from != one.to)
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(",")
}

/// Name of a tenant that the database created to recover tables (`AUX_TENANT_NAME`): `AUX_RECOVER$`
/// and microseconds since 1970. A user's tenant does not have such a name by accident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuxiliaryTenant(String);

impl AuxiliaryTenant {
    const PREFIX: &'static str = "AUX_RECOVER$";

    /// Parses a name; `None` if the database does not use this form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        ((1..=20).contains(&digits.len()) && is_number).then(|| Self(text.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AuxiliaryTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_leave_its_quotes_is_no_identifier() {
        for bad in [
            "", "a`b", "a'b", "a b", "a.b", "a\\", "a:b", "a,b", "a*", "ä",
        ] {
            assert_eq!(Identifier::parse(bad), None, "{bad}");
        }
        assert!(Identifier::parse(&"t".repeat(65)).is_none());
        let good = Identifier::parse("1-orders$old").unwrap();
        assert_eq!(good.to_string(), "`1-orders$old`");
    }

    #[test]
    fn a_table_has_one_database_and_one_name() {
        for bad in ["orders", ".orders", "shop.", "a.b.c", "shop.*"] {
            assert_eq!(TableName::parse(bad), None, "{bad}");
        }
        let table = TableName::parse("shop.orders").unwrap();
        assert_eq!(table.to_string(), "`shop`.`orders`");
    }

    #[test]
    fn only_what_gets_another_name_is_renamed() {
        let table = |name| TableName::parse(name).unwrap();
        let renamed = |from, to| Renamed {
            from: table(from),
            to: table(to),
        };
        let tables = Tables::Single(vec![renamed("a.b", "a.c"), renamed("a.d", "a.d")]);
        assert_eq!(tables.names(), "`a`.`b`,`a`.`d`");
        assert_eq!(
            tables.renames(RemapQuoting::Quoted).as_deref(),
            Some("`a`.`b`:`a`.`c`")
        );
        let plain = Tables::Single(vec![renamed("a.d", "a.d")]);
        assert_eq!(plain.renames(RemapQuoting::Quoted), None);
    }

    #[test]
    fn names_are_written_without_quotes_where_the_release_takes_none() {
        let table = |name| TableName::parse(name).unwrap();
        let tables = Tables::Single(vec![Renamed {
            from: table("shop.orders"),
            to: table("shop.select"),
        }]);
        let plain = tables.renames(RemapQuoting::Plain);
        assert_eq!(plain.as_deref(), Some("shop.orders:shop.select"));
        assert_eq!(tables.name_that_needs_quotes(), None);
    }

    #[test]
    fn a_name_with_a_hyphen_or_of_digits_needs_quotes_only_if_it_is_renamed() {
        let rename = |from: &str, to: &str| {
            let [from, to] = [from, to].map(|name| TableName::parse(name).unwrap());
            Tables::Single(vec![Renamed { from, to }]).name_that_needs_quotes()
        };
        assert_eq!(rename("a.b", "a.new-b").as_deref(), Some("`a`.`new-b`"));
        assert_eq!(rename("a.17", "a.b").as_deref(), Some("`a`.`17`"));
        assert_eq!(rename("a-b.c", "a-b.c"), None);
        assert_eq!(rename("a.1b", "a.b$"), None);
    }

    #[test]
    fn databases_are_named_by_all_their_tables() {
        let name = |name| Identifier::parse(name).unwrap();
        let tables = Tables::OfDatabases(vec![Renamed {
            from: name("shop"),
            to: name("shop_old"),
        }]);
        assert_eq!(tables.names(), "`shop`.*");
        assert_eq!(
            tables.renames(RemapQuoting::Quoted).as_deref(),
            Some("`shop`.*:`shop_old`.*")
        );
    }

    #[test]
    fn only_the_engine_s_own_names_are_auxiliary_tenants() {
        assert!(AuxiliaryTenant::parse("AUX_RECOVER$1770000000000000").is_some());
        for bad in [
            "orders",
            "AUX_RECOVER$",
            "AUX_RECOVER$1`",
            "aux_recover$1",
            "XAUX_RECOVER$1",
        ] {
            assert_eq!(AuxiliaryTenant::parse(bad), None, "{bad}");
        }
    }
}
