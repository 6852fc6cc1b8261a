//! The default texts of the error numbers of backup, archiving, cleanup and restore
//! (`ob_errno.def`), as in `COMMENT` columns, without inserted names.

/// The number on the wire, the OceanBase code, and the text.
#[rustfmt::skip]
const TEXTS: [(u16, i64, &str); 85] = [
    (1045, -4043, "Access denied for user"),
    (1062, -5024, "Duplicate entry"),
    (1064, -5001, "You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use"),
    (1146, -5019, "Table doesn't exist"),
    (1210, -4002, "Invalid argument"),
    (1227, -5036, "Access denied"),
    (1235, -4007, "Not supported feature or function"),
    (1295, -5568, "This command is not supported in the prepared statement protocol yet"),
    (4012, -4012, "Timeout"),
    (4016, -4016, "Internal error"),
    (4018, -4018, "Entry not exist"),
    (4023, -4023, "Try again"),
    (4072, -4072, "Operation canceled"),
    (4109, -4109, "Server state or role not the same as expected"),
    (4143, -4143, "Version not match"),
    (4179, -4179, "Operation not allowed now"),
    (4554, -4554, "rebalance task not in progress on observer"),
    (4624, -4624, "machine resource is not enough to hold a new unit"),
    (4626, -4626, "resource pool has already been granted to a tenant"),
    (4647, -4647, "resource pool list is empty"),
    (4648, -4648, "resource unit not exist"),
    (4650, -4650, "resource pool not exist"),
    (4651, -4651, "resource pool already exist"),
    (4656, -4656, "resource pool unit num is bigger than zone server count"),
    (4657, -4657, "resource pool list unit servers intersect"),
    (4658, -4658, "create tenant only support single resource pool now"),
    (4659, -4659, "invalid resource unit value, below its limit"),
    (4733, -4733, "zone resource not enough"),
    (4734, -4734, "zone server not enough"),
    (5099, -5099, "System config unknown"),
    (5156, -5156, "tenant already exist"),
    (5157, -5157, "Unknown tenant"),
    (5160, -5160, "invalid tenant name specified in connection string"),
    (5260, -5260, "Tenant is locked"),
    (9003, -9003, "OSS error"),
    (9011, -9011, "cannot find backup file"),
    (9014, -9014, "Another restore is in progress"),
    (9023, -9023, "cannot start log archive backup"),
    (9024, -9024, "log archive backup is already disabled"),
    (9025, -9025, "log archive backup info not exists"),
    (9026, -9026, "backup destination is not valid"),
    (9027, -9027, "ob log archive interrupted"),
    (9029, -9029, "log archive is not running"),
    (9036, -9036, "Backup is in progress"),
    (9040, -9040, "backup can not start"),
    (9041, -9041, "cancel backup do not allow"),
    (9044, -9044, "delete backup data is in progress"),
    (9045, -9045, "delete backup set do not allow"),
    (9046, -9046, "backup set id is not valid"),
    (9047, -9047, "invalid password for backup"),
    (9048, -9048, "backup set is isolated by two log archive round"),
    (9049, -9049, "backup status is stopped, can not cancel"),
    (9053, -9053, "cancel delete backup do not allow"),
    (9058, -9058, "can not set backup zone"),
    (9060, -9060, "COS error"),
    (9064, -9064, "the archive log and backup data are not continuous"),
    (9066, -9066, "is conflict with"),
    (9069, -9069, "deleting backup piece is not allowed"),
    (9070, -9070, "can not connect to backup destination"),
    (9071, -9071, "no I/O operation permission at the backup destination"),
    (9077, -9077, "log discontinuous between two archive rounds"),
    (9078, -9078, "archive log is to end"),
    (9079, -9079, "archive log had been recycled"),
    (9080, -9080, "format file does not exist, try to set a new directory."),
    (9081, -9081, "format file does not match, try to set a new directory."),
    (9082, -9082, "backup device out of space"),
    (9086, -9086, "backup advance checkpoint by flush timeout"),
    (9087, -9087, "observer clog is recycled before archive"),
    (9091, -9091, "Already in ARCHIVELOG mode"),
    (9092, -9092, "Already in NOARCHIVELOG mode"),
    (9094, -9094, "Restore log stream failed"),
    (9099, -9099, "restore failed"),
    (9105, -9105, "S3 error"),
    (9113, -9113, "checksum type is not supported for the input destination"),
    (9114, -9114, "storage destination is not valid"),
    (9116, -9116, "no I/O operation permission of the object storage"),
    (9117, -9117, "the specified s3_region does not match the endpoint"),
    (9118, -9118, "object storage endpoint is invalid"),
    (9119, -9119, "do not have enough restore source"),
    (9129, -9129, "object storage io error"),
    (9132, -9132, "object storage data checksum error"),
    (9133, -9133, "backup zone or backup idc or backup region invalid"),
    (9138, -9138, "No suitable replica found to perform backup"),
    (9140, -9140, "the object is locked by worm"),
    (4000, -4000, "Common error"),
];

/// Returns the default text of an OceanBase code, as in `COMMENT` columns.
#[must_use]
pub fn result_text(code: i64) -> &'static str {
    if code == 0 {
        return "";
    }
    let mut known = TEXTS.iter();
    // Unlisted codes cannot occur in backup.
    known
        .find(|(_, known, _)| *known == code)
        .map_or("Common error", |(_, _, text)| text)
}

/// Returns texts that changed with the 4.3 line.
pub(super) fn text_before_4_3(code: i64) -> Option<&'static str> {
    match code {
        -9080 => Some("the format file does not exist under the destination"),
        -9081 => Some("the content of the format file at the destination does not match"),
        _ => None,
    }
}

/// Returns the default text of a number on the wire; none for an unlisted number.
#[must_use]
pub fn wire_text(number: u16) -> Option<&'static str> {
    let mut known = TEXTS.iter();
    known
        .find(|(known, _, _)| *known == number)
        .map(|(_, _, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;
    use crate::value::SqlError;

    /// The numbers of backup, log archiving, cleanup and restore that a client or a RESULT column
    /// can show (`ob_errno.def`).
    #[rustfmt::skip]
    const DEFINED: [u16; 80] = [
        1045, 1062, 1064, 1146, 1210, 1227, 1235, 1295,
        4012, 4016, 4018, 4023, 4072, 4109, 4143, 4179, 4554, 4624, 4626, 4647, 4648, 4650, 4651, 4656, 4657, 4658,
        5099, 5156, 5157, 5160,
        9003, 9011, 9014, 9023, 9024, 9025, 9026, 9027, 9029, 9036, 9040, 9041, 9044, 9045, 9046,
        9047, 9048, 9049, 9053, 9058, 9060, 9064, 9066, 9069, 9070, 9071, 9077, 9078, 9079, 9080,
        9081, 9082, 9086, 9087, 9091, 9092, 9094, 9099, 9105, 9113, 9114, 9116, 9117, 9118, 9119,
        9129, 9132, 9133, 9138, 9140,
    ];

    #[test]
    fn every_number_has_a_text_of_its_own() {
        let missing: Vec<_> = DEFINED
            .iter()
            .filter(|number| wire_text(**number).is_none())
            .collect();
        assert_eq!(missing, [&0_u16; 0]);
        for (number, code, text) in TEXTS {
            let twice = TEXTS
                .iter()
                .filter(|(other, _, same)| *other == number || *same == text);
            assert_eq!(twice.count(), 1, "{number} {code} {text}");
        }
    }

    #[test]
    fn a_number_without_a_name_of_mysql_is_its_code() {
        for (number, code, _) in TEXTS {
            assert!(
                number < 2000 || i64::from(number) == -code,
                "{number} {code}"
            );
        }
    }

    #[test]
    fn a_region_of_another_endpoint_is_told_in_the_engine_s_words() {
        assert_eq!(
            result_text(-9117),
            "the specified s3_region does not match the endpoint"
        );
    }

    #[test]
    fn what_the_simulator_answers_without_a_detail_is_the_default_text() {
        let plain: [SqlError; 16] = [
            error::unsupported(),
            error::invalid_argument(),
            error::operation_not_allowed(),
            error::unknown_tenant(),
            error::unknown_parameter(),
            error::internal(),
            error::cannot_start_archive(),
            error::backup_in_progress(),
            error::cannot_start_backup_plain(),
            error::destination_unreachable(),
            error::destination_forbidden(),
            error::format_file_missing(),
            error::format_file_foreign(),
            error::destination_full(),
            error::already_archiving(),
            error::already_not_archiving(),
        ];
        for error in plain {
            assert_eq!(wire_text(error.code), Some(error.message.as_str()));
        }
    }
}
