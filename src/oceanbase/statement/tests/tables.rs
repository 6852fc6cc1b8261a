//! Texts of statements about tables.

use super::*;
use crate::oceanbase::model::{
    AuxiliaryTenant, PrimaryZone, RemapQuoting, Renamed, ResourceName, Scn, TableName, Tables,
};

fn key() -> RestoreKey {
    RestoreKey::parse("obr/00112233445566778899aabbccddeeff").unwrap()
}

fn recover(to: &str, primary_zone: Option<&str>) -> Command {
    let table = |name| TableName::parse(name).unwrap();
    Command::from(TableRecovery::Recover {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        tables: Tables::Single(vec![Renamed {
            from: table("shop.orders"),
            to: table(to),
        }]),
        sources: ["/ob/data", "/ob/log"]
            .map(|path| Destination::file(path).unwrap())
            .into(),
        until: Some(Scn(1_774_746_000_123_456_789)),
        pools: vec![ResourceName::parse("p1").unwrap()],
        primary_zone: primary_zone.and_then(PrimaryZone::parse),
        key: key(),
        quoting: RemapQuoting::Quoted,
        decryption: Vec::new(),
    })
}

#[test]
fn a_recovery_of_tables_names_them_in_back_quotes_and_renames_them() {
    assert_eq!(
        recover("shop.orders_old", Some("z1;z2")).text().unwrap(),
        "ALTER SYSTEM RECOVER TABLE `shop`.`orders` TO TENANT = `orders` \
         FROM 'file:///ob/data,file:///ob/log' UNTIL SCN = 1774746000123456789 \
         WITH 'pool_list=p1&primary_zone=z1;z2' REMAP TABLE `shop`.`orders`:`shop`.`orders_old` \
         DESCRIPTION = 'obr/00112233445566778899aabbccddeeff'"
    );
}

#[test]
fn what_keeps_its_name_is_not_renamed() {
    let text = recover("shop.orders", None).text().unwrap();
    assert!(text.contains("WITH 'pool_list=p1' DESCRIPTION"), "{text}");
}

#[test]
fn a_recovery_of_tables_is_handed_over_as_a_restore_is() {
    assert_eq!(recover("shop.orders", None).restore_key(), Some(&key()));
}

#[test]
fn an_auxiliary_tenant_is_dropped_by_its_own_name() {
    let command = Command::from(TableRecovery::DropAuxiliary {
        tenant: tenant(),
        auxiliary: AuxiliaryTenant::parse("AUX_RECOVER$17").unwrap(),
        auxiliary_id: TenantId(1012),
        key: key(),
    });
    let text = command.text().unwrap();
    assert_eq!(text, "DROP TENANT IF EXISTS `AUX_RECOVER$17` FORCE");
}
