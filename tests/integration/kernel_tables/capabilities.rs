//! Comparison of the capability table with the tables of the kernel.

use oceanbase_backup_operator::oceanbase::capability::{CAPABILITIES, Capability, Evidence};

use super::table::{Columns, Grammar};

/// Capability, first releases and source of capabilities without a statement or a column.
const SOURCE: &str = include_str!("../../kernel/source-v4.tsv");

/// The trace of a capability in the tables.
enum Trace {
    /// A statement that the release parses.
    Statement(&'static str),
    /// A column of a view.
    Column(&'static str, &'static str),
    /// Nothing: the note of its row gives the evidence.
    None,
}

fn trace(capability: Capability) -> Trace {
    use Trace::{Column, Statement};
    match capability {
        Capability::TenantBackup => {
            Statement("ALTER SYSTEM BACKUP TENANT = 't1' DESCRIPTION = 'k1'")
        }
        Capability::TenantRole => Column("DBA_OB_TENANTS", "TENANT_ROLE"),
        Capability::PauseLogBackup => {
            Statement("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = 't1'")
        }
        Capability::TenantUpgradeJob => {
            Statement("ALTER SYSTEM RUN UPGRADE JOB 'UPGRADE_ALL' TENANT = 't2'")
        }
        Capability::PlusArchivelog => {
            Statement("ALTER SYSTEM BACKUP TENANT = 't1' PLUS ARCHIVELOG DESCRIPTION = 'k1'")
        }
        Capability::ArchiveLagTarget => {
            Statement("ALTER SYSTEM SET archive_lag_target = '120s' TENANT = 't1'")
        }
        Capability::TenantCompatible => Column("DBA_OB_TENANTS", "COMPATIBLE"),
        Capability::CancelRestore => Statement("ALTER SYSTEM CANCEL RESTORE `t2`"),
        Capability::TableRecovery => Statement(
            "ALTER SYSTEM RECOVER TABLE *.* TO TENANT = `t2` FROM 'file:///a' \
             WITH 'pool_list=p1' DESCRIPTION = 'k'",
        ),
        Capability::QuotedRemap => Statement(
            "ALTER SYSTEM RECOVER TABLE `db1`.`t1` TO TENANT = `t2` FROM 'file:///a' \
             WITH 'pool_list=p1' REMAP TABLE `db1`.`t1`:`db1`.`t2` DESCRIPTION = 'k'",
        ),
        Capability::BackupProgress => Column("CDB_OB_BACKUP_TASKS", "DATA_PROGRESS"),
        Capability::RestorePreview => {
            Statement("ALTER SYSTEM RESTORE FROM 'file:///a,file:///b' UNTIL SCN = 17 PREVIEW")
        }
        Capability::RestoreProgress => Column("CDB_OB_RESTORE_PROGRESS", "RECOVER_PROGRESS"),
        Capability::UpdateStorageKeys => Statement(
            "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 's3://b' SET ACCESS_INFO = 'x'",
        ),
        Capability::StorageLimits => Column("CDB_OB_BACKUP_STORAGE_INFO", "MAX_IOPS"),
        Capability::DeferredArchivelog
        | Capability::RestoreWaitsForTenant
        | Capability::UpgradeModeCheck
        | Capability::SkippedTenantEndsJob
        | Capability::IncrementalCompatibilityCheck
        | Capability::IncrementalBecomesFull
        | Capability::CosStorage
        | Capability::RestoreFailureReported
        | Capability::S3Storage
        | Capability::AddressingModel
        | Capability::ManualCleanup => Trace::None,
    }
}

/// A capability with a trace changes where the trace changes. Any other capability must at least be
/// possible there.
#[test]
fn a_capability_is_where_the_tables_show_it_and_nowhere_else() {
    let (grammar, columns) = (Grammar::read(), Columns::read());
    let mut wrong = Vec::new();
    for row in CAPABILITIES {
        let by_tables = matches!(row.evidence, Evidence::Grammar | Evidence::ViewDefinition);
        let shown: Vec<_> = match trace(row.capability) {
            Trace::None => {
                assert!(!by_tables, "{row:?} names a table as evidence");
                continue;
            }
            Trace::Statement(text) => {
                let accepts = |index| grammar.accepts(text, index).expect(text);
                let releases = grammar.releases.iter().enumerate();
                releases
                    .map(|(index, version)| (*version, accepts(index)))
                    .collect()
            }
            Trace::Column(view, column) => {
                let has = |index| columns.has(view, column, index);
                let releases = columns.releases.iter().enumerate();
                releases
                    .map(|(index, version)| (*version, has(index)))
                    .collect()
            }
        };
        for (version, shown) in shown {
            let said = row.is_in(version);
            if said && !shown || by_tables && said != shown {
                wrong.push(format!(
                    "{:?} at {version}: the capability table says {said}, tests/kernel {shown}",
                    row.capability
                ));
            }
        }
    }
    println!("{} capabilities", CAPABILITIES.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tables skip releases: only these rows determine the first release.
#[test]
fn each_capability_came_with_the_releases_that_its_origin_shows() {
    let lines = SOURCE
        .lines()
        .skip(1)
        .map(|line| line.split_once('\t').unwrap());
    let read: Vec<_> = lines
        .map(|(name, rest)| (name, rest.split('\t').next().unwrap()))
        .collect();
    let mut said: Vec<_> = CAPABILITIES
        .iter()
        .map(|row| {
            let since: Vec<_> = row.since.iter().map(ToString::to_string).collect();
            (format!("{:?}", row.capability), since.join(" "))
        })
        .collect();
    let mut read: Vec<_> = read
        .into_iter()
        .map(|(name, since)| (name.to_owned(), since.to_owned()))
        .collect();
    said.sort();
    read.sort();
    assert_eq!(said, read, "tests/kernel/source-v4.tsv");
}
