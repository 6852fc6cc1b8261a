//! Hosts to which a Secret may be sent. Without this check, a user who may write an object could
//! send a Secret that it names to a host of the user's own.

/// Annotation with the hosts to which the values of a Secret may be sent: `host` or `host:port`,
/// separated by commas.
pub(super) const ENDPOINTS: &str = "backup.oceanbase.io/endpoints";

/// Returns whether a list of hosts contains this host; an entry without a port matches all ports.
pub(super) fn binds(list: &str, host: &str, port: Option<u16>) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let (of, at) = host_and_port(entry);
        of.eq_ignore_ascii_case(host) && at.is_none_or(|at| port.map(i32::from) == Some(at))
    })
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; an invalid port matches nothing.
fn host_and_port(text: &str) -> (&str, Option<i32>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        let port = rest
            .strip_prefix(':')
            .map(|port| port.parse().unwrap_or(-1));
        return (host, port);
    }
    match text.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((_, rest)) if rest.contains(':') => (text, None),
        Some((host, port)) => (host, Some(port.parse().unwrap_or(-1))),
        None => (text, None),
    }
}

/// Formats a host for messages.
pub(super) fn display(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Returns the host and the port of a storage's endpoint, such as `https://s3.eu-1.example.com`.
pub(super) fn storage_host(endpoint: &str) -> (&str, Option<u16>) {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = host_and_port(authority);
    let usual = if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        443
    };
    (
        host,
        port.map_or(Some(usual), |port| u16::try_from(port).ok()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_port_is_bound_for_all_of_its_ports() {
        let list = "ob-1.db, OB-2.db:2881";
        assert!(binds(list, "ob-1.db", Some(2881)) && binds(list, "ob-1.db", Some(2883)));
        assert!(binds(list, "ob-2.db", Some(2881)) && !binds(list, "ob-2.db", Some(2883)));
    }

    #[test]
    fn a_host_is_bound_only_as_a_whole() {
        for host in ["db", "evil-ob-1.db", "ob-1.db.evil", "ob-1", ""] {
            assert!(!binds("ob-1.db:2881", host, Some(2881)), "{host}");
        }
    }

    #[test]
    fn a_list_that_can_not_be_read_binds_nothing() {
        for list in [
            "",
            ",",
            "ob-1.db:",
            "ob-1.db:no",
            "ob-1.db:99999999999",
            "*",
        ] {
            assert!(!binds(list, "ob-1.db", Some(2881)), "{list}");
        }
    }

    #[test]
    fn addresses_of_version_6_stand_in_brackets_before_a_port() {
        assert!(binds("[::1]:2881", "::1", Some(2881)) && binds("::1", "::1", Some(2881)));
        assert!(!binds("[::1]:2881", "::1", Some(2883)));
    }

    #[test]
    fn a_store_s_endpoint_has_the_port_of_its_scheme() {
        assert_eq!(
            storage_host("https://s3.example.com"),
            ("s3.example.com", Some(443))
        );
        assert_eq!(storage_host("http://minio:9000/x"), ("minio", Some(9000)));
        assert_eq!(
            storage_host("oss-cn.example.com"),
            ("oss-cn.example.com", Some(443))
        );
    }
}
