//! `CREATE` and `DROP` of resource units, resource pools and tenants.

use super::parser::{Parsed, Parser};
use super::{Action, Kind};

/// The body of `CREATE RESOURCE UNIT`; values in the user's spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateUnit {
    /// Its name.
    pub name: String,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `MAX_CPU` and the like in upper case, with their values.
    pub options: Vec<(String, String)>,
}

/// The body of `CREATE RESOURCE POOL`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreatePool {
    /// Its name.
    pub name: String,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `UNIT`.
    pub unit: Option<String>,
    /// `UNIT_NUM`.
    pub unit_num: Option<i64>,
    /// `ZONE_LIST`.
    pub zones: Option<Vec<String>>,
}

/// The object of a `DROP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    /// Its name.
    pub name: String,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `FORCE`, for tenants only.
    pub force: bool,
}

const UNIT_OPTIONS: [&str; 10] = [
    "MAX_CPU",
    "MIN_CPU",
    "MEMORY_SIZE",
    "LOG_DISK_SIZE",
    "DATA_DISK_SIZE",
    "MAX_IOPS",
    "MIN_IOPS",
    "IOPS_WEIGHT",
    "MAX_NET_BANDWIDTH",
    "NET_BANDWIDTH_WEIGHT",
];

impl Parser<'_> {
    /// Parses a statement of this file; `None` if it begins otherwise.
    pub(super) fn resource_statement(&mut self) -> Parsed<Option<(Kind, Action)>> {
        let found = if self.eat_words(&["CREATE", "RESOURCE", "UNIT"]) {
            (
                Kind::CreateResourceUnit,
                Action::CreateUnit(self.create_unit()?),
            )
        } else if self.eat_words(&["CREATE", "RESOURCE", "POOL"]) {
            (
                Kind::CreateResourcePool,
                Action::CreatePool(self.create_pool()?),
            )
        } else if self.eat_words(&["DROP", "RESOURCE", "UNIT"]) {
            (Kind::DropResourceUnit, Action::DropUnit(self.dropped()?))
        } else if self.eat_words(&["DROP", "RESOURCE", "POOL"]) {
            (Kind::DropResourcePool, Action::DropPool(self.dropped()?))
        } else if self.eat_words(&["DROP", "TENANT"]) {
            let if_exists = self.eat_words(&["IF", "EXISTS"]);
            let name = self.tenant_name()?;
            let force = self.eat("FORCE");
            if !force {
                self.eat("PURGE");
            }
            let drop = Drop {
                name,
                if_exists,
                force,
            };
            (Kind::DropTenant, Action::DropTenant(drop))
        } else {
            return Ok(None);
        };
        self.end()?;
        Ok(Some(found))
    }

    fn create_unit(&mut self) -> Parsed<CreateUnit> {
        let if_not_exists = self.eat_words(&["IF", "NOT", "EXISTS"]);
        let name = self.name()?;
        let mut options = Vec::new();
        while self.peek().is_some() {
            let option = UNIT_OPTIONS.iter().find(|option| self.eat(option));
            let option = option.ok_or_else(|| self.unexpected())?;
            self.eat_sign('=');
            options.push(((*option).to_owned(), self.literal()?));
            if !self.eat_sign(',') {
                break;
            }
        }
        Ok(CreateUnit {
            name,
            if_not_exists,
            options,
        })
    }

    fn create_pool(&mut self) -> Parsed<CreatePool> {
        let mut pool = CreatePool {
            if_not_exists: self.eat_words(&["IF", "NOT", "EXISTS"]),
            name: self.name()?,
            ..CreatePool::default()
        };
        while self.peek().is_some() {
            if self.eat("UNIT") {
                self.eat_sign('=');
                pool.unit = Some(self.name()?);
            } else if self.eat("UNIT_NUM") {
                self.eat_sign('=');
                pool.unit_num = Some(self.integer()?);
            } else if self.eat("ZONE_LIST") {
                self.eat_sign('=');
                pool.zones = Some(self.zone_list()?);
            } else {
                return Err(self.unexpected());
            }
            if !self.eat_sign(',') {
                break;
            }
        }
        Ok(pool)
    }

    /// Parses `('z1', 'z2')`, or one zone without parentheses.
    fn zone_list(&mut self) -> Parsed<Vec<String>> {
        let in_parentheses = self.eat_sign('(');
        let mut zones = vec![self.name()?];
        while in_parentheses && self.eat_sign(',') {
            zones.push(self.name()?);
        }
        if in_parentheses {
            self.expect_sign(')')?;
        }
        Ok(zones)
    }

    fn dropped(&mut self) -> Parsed<Drop> {
        let if_exists = self.eat_words(&["IF", "EXISTS"]);
        Ok(Drop {
            name: self.name()?,
            if_exists,
            force: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tenants, newest as parse};
    use super::*;

    #[test]
    fn a_unit_is_read_with_and_without_equals_signs() {
        let read = |text: &str| match parse(text).action {
            Ok(Action::CreateUnit(unit)) => unit.options,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            read("CREATE RESOURCE UNIT u MAX_CPU 4, MEMORY_SIZE '8G'"),
            read("create resource unit if not exists u max_cpu = 4, memory_size = '8G'"),
        );
    }

    #[test]
    fn a_pool_names_its_zones_in_parentheses() {
        let text = "CREATE RESOURCE POOL IF NOT EXISTS p UNIT = 'u', UNIT_NUM = 1, \
                    ZONE_LIST = ('zone1','zone2')";
        assert_eq!(
            parse(text).action,
            Ok(Action::CreatePool(CreatePool {
                name: "p".to_owned(),
                if_not_exists: true,
                unit: Some("u".to_owned()),
                unit_num: Some(1),
                zones: Some(vec!["zone1".to_owned(), "zone2".to_owned()]),
            }))
        );
    }

    #[test]
    fn the_log_learns_which_tenant_is_dropped() {
        let statement = parse("DROP TENANT IF EXISTS copy FORCE");
        assert_eq!(statement.tenants, Tenants::Named(vec!["copy".to_owned()]));
        assert_eq!(statement.kind, Kind::DropTenant);
    }

    #[test]
    fn an_option_that_no_unit_has_is_a_syntax_error() {
        let refused = parse("CREATE RESOURCE UNIT u WINGS 2").action.unwrap_err();
        assert_eq!(refused.code, 1064);
    }
}
