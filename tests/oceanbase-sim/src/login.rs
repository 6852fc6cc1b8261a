//! User names.

/// The parts of a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UserName<'a> {
    pub(crate) user: &'a str,
    /// `None` if the name belongs to another cluster than the one behind the proxy.
    pub(crate) tenant: Option<&'a str>,
}

/// Splits a name. A node takes everything after the first `@` as the tenant. A proxy also knows the
/// cluster: `user@tenant#cluster` and `cluster:tenant:user`.
pub(crate) fn split<'a>(name: &'a str, proxied_cluster: Option<&String>) -> UserName<'a> {
    let Some(cluster) = proxied_cluster else {
        let (user, tenant) = name.split_once('@').unwrap_or((name, "sys"));
        return UserName {
            user,
            tenant: Some(tenant),
        };
    };
    let (user, tenant, named) =
        if let [named, tenant, user] = name.split(':').collect::<Vec<_>>()[..] {
            (user, tenant, Some(named))
        } else {
            let (user, rest) = name.split_once('@').unwrap_or((name, "sys"));
            match rest.split_once('#') {
                Some((tenant, named)) => (user, tenant, Some(named)),
                None => (user, rest, None),
            }
        };
    let ours = named.is_none_or(|named| named == cluster);
    UserName {
        user,
        tenant: ours.then_some(tenant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str, cluster: Option<&str>) -> (String, Option<String>) {
        let cluster = cluster.map(str::to_owned);
        let UserName { user, tenant } = split(name, cluster.as_ref());
        (user.to_owned(), tenant.map(str::to_owned))
    }

    fn expected(user: &str, tenant: Option<&str>) -> (String, Option<String>) {
        (user.to_owned(), tenant.map(str::to_owned))
    }

    #[test]
    fn a_node_takes_the_cluster_for_a_part_of_the_tenant() {
        assert_eq!(parts("root@sys#c1", None), expected("root", Some("sys#c1")));
    }

    #[test]
    fn a_name_without_a_tenant_means_sys() {
        assert_eq!(parts("root", None), expected("root", Some("sys")));
    }

    #[test]
    fn a_proxy_knows_two_spellings_and_its_cluster() {
        for name in ["root@orders#c1", "c1:orders:root", "root@orders"] {
            assert_eq!(
                parts(name, Some("c1")),
                expected("root", Some("orders")),
                "{name}"
            );
        }
        assert_eq!(parts("root@orders#c2", Some("c1")), expected("root", None));
    }
}
