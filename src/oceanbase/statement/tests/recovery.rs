//! Texts of statements of restores.

use super::*;
use crate::oceanbase::model::{
    Cpu, DatabaseId, Locality, PrimaryZone, ResourceName, Scn, ZoneName,
};
use crate::oceanbase::query::RestoreQuery;

fn name(text: &str) -> ResourceName {
    ResourceName::parse(text).unwrap()
}

fn key() -> RestoreKey {
    RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap()
}

fn restore() -> Recovery {
    let keys = [
        ("access_id", &"AKID".into()),
        ("access_key", &"k/+=".into()),
    ];
    let data = Destination::bucket("s3", "b/data", "s3.test", &keys, &[]).unwrap();
    Recovery::Restore {
        tenant: tenant(),
        sources: vec![data, Destination::file("/ob/log").unwrap()],
        until: Some(Scn(1_774_746_000_123_456_789)),
        pools: vec![name("p1"), name("p2")],
        locality: None,
        primary_zone: None,
        concurrency: None,
        key: key(),
        decryption: Vec::new(),
    }
}

fn text(recovery: Recovery) -> String {
    Command::from(recovery).text().unwrap()
}

#[test]
fn a_restore_names_its_sources_its_point_its_pools_and_its_key() {
    assert_eq!(
        text(restore()),
        "ALTER SYSTEM RESTORE `orders` FROM \
         's3://b/data?host=s3.test&access_id=AKID&access_key=k/+=,file:///ob/log' \
         UNTIL SCN = 1774746000123456789 WITH 'pool_list=p1,p2' \
         DESCRIPTION = 'obr/00112233445566778899aabbccddeeff'"
    );
}

#[test]
fn a_restore_without_a_point_goes_as_far_as_it_can() {
    let mut recovery = restore();
    if let Recovery::Restore { until, .. } = &mut recovery {
        *until = None;
    }
    assert!(text(recovery).contains("/ob/log' WITH '"));
}

#[test]
fn options_of_a_restore_are_joined_without_blanks() {
    let mut recovery = restore();
    if let Recovery::Restore {
        locality: where_,
        primary_zone,
        concurrency,
        ..
    } = &mut recovery
    {
        *where_ = Locality::parse("F@z1,F@z2");
        *primary_zone = PrimaryZone::parse("z1;z2");
        *concurrency = Some(0);
    }
    let options = "WITH 'pool_list=p1,p2&locality=F@z1,F@z2&primary_zone=z1;z2&concurrency=0'";
    assert!(text(recovery).contains(options));
}

#[test]
fn sizes_are_written_in_whole_mebibytes() {
    let unit = |memory, log_disk| Recovery::CreateUnit {
        tenant: tenant(),
        unit: name("u1"),
        max_cpu: Cpu(2500),
        memory,
        log_disk,
    };
    assert_eq!(
        text(unit((8 << 30) + 5, Some(24 << 30))),
        "CREATE RESOURCE UNIT IF NOT EXISTS `u1` MAX_CPU 2.5, MEMORY_SIZE '8192M', \
         LOG_DISK_SIZE '24576M'"
    );
    assert!(text(unit(8 << 30, None)).ends_with("MEMORY_SIZE '8192M'"));
}

#[test]
fn a_pool_lists_its_zones() {
    let zones = ["zone-1", "z2"].map(|zone| ZoneName::parse(zone).unwrap());
    let pool = Recovery::CreatePool {
        tenant: tenant(),
        pool: name("p1"),
        unit: name("u1"),
        unit_count: 1,
        zones: zones.into(),
    };
    assert_eq!(
        text(pool),
        "CREATE RESOURCE POOL IF NOT EXISTS `p1` UNIT = 'u1', UNIT_NUM = 1, \
         ZONE_LIST = ('zone-1', 'z2')"
    );
}

#[test]
fn a_preview_asks_what_it_has_prepared() {
    let preview = Command::from(Recovery::Preview {
        tenant: tenant(),
        sources: vec![Destination::file("/ob/data").unwrap()],
        until: Scn(5),
        decryption: vec![RestorePassword::new("sesame".into()).unwrap()],
    });
    let text = preview.text().unwrap();
    assert_eq!(
        text,
        "ALTER SYSTEM RESTORE FROM 'file:///ob/data' UNTIL SCN = 5 PREVIEW"
    );
    assert_eq!(preview.preface().unwrap().name, "set_decryption");
    assert_eq!(preview.question(), Some(RestoreQuery::Preview.into()));
}

#[test]
fn passwords_are_told_before_and_are_not_in_the_statement() {
    let mut recovery = restore();
    if let Recovery::Restore { decryption, .. } = &mut recovery {
        decryption.push(RestorePassword::new("sesame".into()).unwrap());
    }
    let command = Command::from(recovery);
    assert_eq!(command.preface().unwrap().name, "set_decryption");
    assert!(!command.text().unwrap().contains("sesame"));
    assert!(!format!("{command:?}").contains("sesame"));
}

#[test]
fn nothing_of_a_restore_s_keys_is_shown() {
    assert!(!format!("{:?}", restore()).contains("k/+="));
}

#[test]
fn a_tenant_is_dropped_only_where_its_number_and_its_restore_say_so() {
    let command = Command::from(Recovery::DropTenant {
        verified: false,
        tenant: tenant(),
        tenant_id: TenantId(1004),
        key: key(),
    });
    assert_eq!(
        command.text().unwrap(),
        "DROP TENANT IF EXISTS `orders` FORCE"
    );
    let expected = Precondition::RestoreFailed {
        or_succeeded: false,
        tenant: tenant(),
        tenant_id: TenantId(1004),
        key: key(),
    };
    assert_eq!(command.precondition(), expected);
}

#[test]
fn a_key_of_a_request_can_stand_in_a_statement_whatever_the_request_is_called() {
    let database = DatabaseId::new(1, jiff::Timestamp::UNIX_EPOCH);
    let key = RestoreKey::new("it's '; DROP TENANT orders", &database);
    assert!(RestoreKey::parse(key.as_str()).is_some());
}
