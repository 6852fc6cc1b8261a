//! `ALTER SYSTEM DELETE …` and `CHANGE EXTERNAL_STORAGE_DEST`.

use super::parser::{Parsed, Parser};
use super::{Action, Kind, Tenants, release};

/// The subject of a manual deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// `BACKUPSET id{,id}`.
    Sets(Vec<i64>),
    /// `ARCHIVELOG_PIECE id{,id}`.
    Pieces(Vec<i64>),
    /// `BACKUPPIECE id`, which no release executes.
    OldPiece(i64),
    /// `OBSOLETE BACKUP`.
    Obsolete,
    /// `BACKUP ALL DATA_BACKUP_DEST = 'path'`.
    AllData(String),
    /// `BACKUP ALL LOG_ARCHIVE_DEST = 'path'`.
    AllLog(String),
}

/// The body of `ALTER SYSTEM DELETE …`. Its description is parsed and never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteBackup {
    /// The subject.
    pub what: Deletion,
    /// The tenants.
    pub tenants: Tenants,
}

/// The body of `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeStorage {
    /// `PATH`.
    pub path: String,
    /// `ACCESS_INFO`.
    pub access_info: Option<String>,
    /// `ATTRIBUTE`.
    pub attribute: Option<String>,
}

impl Parser<'_> {
    pub(super) fn cleanup_statement(&mut self) -> Parsed<Option<(Kind, Action)>> {
        let lists = self.since(release::DELETE_LISTS);
        for verb in ["ALTER", "CHANGE", "MODIFY"] {
            if self.since(release::CHANGE_STORAGE)
                && self.eat_words(&[verb, "EXTERNAL_STORAGE_DEST"])
            {
                let action = Action::ChangeStorage(self.change_storage()?);
                self.end()?;
                return Ok(Some((Kind::ChangeStorage, action)));
            }
        }
        let what = if self.eat_words(&["DELETE", "BACKUPSET"]) {
            Deletion::Sets(if lists {
                self.ids()?
            } else {
                vec![self.one_id()?]
            })
        } else if self.eat_words(&["DELETE", "BACKUPPIECE"]) {
            Deletion::OldPiece(self.one_id()?)
        } else if lists && self.eat_words(&["DELETE", "ARCHIVELOG_PIECE"]) {
            Deletion::Pieces(self.ids()?)
        } else if self.eat_words(&["DELETE", "OBSOLETE", "BACKUP"]) {
            Deletion::Obsolete
        } else if lists && self.eat_words(&["DELETE", "BACKUP", "ALL"]) {
            self.all_of_a_place()?
        } else {
            return Ok(None);
        };
        let tenants = self.tenant_list()?;
        self.description()?;
        self.end()?;
        let action = Action::Delete(DeleteBackup { what, tenants });
        Ok(Some((Kind::DeleteBackup, action)))
    }

    /// Parses `id`, and the `COPY n` after it.
    fn one_id(&mut self) -> Parsed<i64> {
        let id = self.integer()?;
        if self.eat("COPY") {
            self.integer()?;
        }
        Ok(id)
    }

    /// Parses `id{,id}`, and the `COPY n` of older grammars after it.
    fn ids(&mut self) -> Parsed<Vec<i64>> {
        let mut ids = vec![self.integer()?];
        while self.eat_sign(',') {
            ids.push(self.integer()?);
        }
        if self.eat("COPY") {
            self.integer()?;
        }
        Ok(ids)
    }

    fn all_of_a_place(&mut self) -> Parsed<Deletion> {
        let make = if self.eat("DATA_BACKUP_DEST") {
            Deletion::AllData
        } else if self.eat("LOG_ARCHIVE_DEST") {
            Deletion::AllLog
        } else {
            return Err(self.unexpected());
        };
        self.eat_sign('=');
        Ok(make(self.string()?))
    }

    fn change_storage(&mut self) -> Parsed<ChangeStorage> {
        self.expect("PATH")?;
        self.eat_sign('=');
        let path = self.string()?;
        self.eat("SET");
        Ok(ChangeStorage {
            path,
            access_info: self.clause("ACCESS_INFO")?,
            attribute: self.clause("ATTRIBUTE")?,
        })
    }

    fn clause(&mut self, word: &str) -> Parsed<Option<String>> {
        if !self.eat(word) {
            return Ok(None);
        }
        self.eat_sign('=');
        self.string().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::newest as parse;
    use super::*;

    fn deletion(text: &str) -> Option<Deletion> {
        match parse(text).action {
            Ok(Action::Delete(asked)) => Some(asked.what),
            _ => None,
        }
    }

    #[test]
    fn ids_are_a_list() {
        for (text, expected) in [
            (
                "ALTER SYSTEM DELETE BACKUPSET 5, 6 TENANT = t1 DESCRIPTION = 'x'",
                Some(Deletion::Sets(vec![5, 6])),
            ),
            (
                "alter system delete archivelog_piece 1,2,3",
                Some(Deletion::Pieces(vec![1, 2, 3])),
            ),
            (
                "ALTER SYSTEM DELETE BACKUPSET 5 COPY 1 TENANT t1",
                Some(Deletion::Sets(vec![5])),
            ),
            ("ALTER SYSTEM DELETE BACKUPSET TENANT = t1", None),
            ("ALTER SYSTEM DELETE BACKUPSET 5,", None),
            ("ALTER SYSTEM DELETE BACKUP ALL 'file:///x'", None),
        ] {
            assert_eq!(deletion(text), expected, "{text}");
        }
    }

    #[test]
    fn a_whole_destination_is_named_by_its_kind_and_path() {
        let text = "ALTER SYSTEM DELETE BACKUP ALL LOG_ARCHIVE_DEST = 'file:///x' TENANT = t1";
        assert_eq!(
            deletion(text),
            Some(Deletion::AllLog("file:///x".to_owned()))
        );
    }

    #[test]
    fn the_access_of_a_store_is_changed_in_three_spellings() {
        let expected = ChangeStorage {
            path: "s3://b/d".to_owned(),
            access_info: Some("access_id=i&access_key=k".to_owned()),
            attribute: None,
        };
        for head in ["ALTER", "CHANGE", "MODIFY"] {
            let text = format!(
                "ALTER SYSTEM {head} EXTERNAL_STORAGE_DEST PATH = 's3://b/d' SET \
                 ACCESS_INFO = 'access_id=i&access_key=k'"
            );
            assert_eq!(
                parse(&text).action,
                Ok(Action::ChangeStorage(expected.clone()))
            );
        }
    }
}
