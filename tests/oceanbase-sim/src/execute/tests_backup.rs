use super::*;

mod backups {
    use super::*;

    #[test]
    fn each_refusal_of_a_tenant_has_its_text() {
        let cluster = Cluster::new();
        let backup = |user| {
            let error = cluster
                .run_as(user, "ALTER SYSTEM BACKUP DATABASE")
                .unwrap_err();
            (error.code, error.message)
        };
        assert_eq!(
            backup("root@blank"),
            (9040, "backup can not start".to_owned())
        );
        cluster
            .sys("ALTER SYSTEM SET DATA_BACKUP_DEST='file:///d' TENANT=blank")
            .unwrap();
        assert_eq!(
            backup("root@blank"),
            (
                9040,
                "backup can not start, because log archive status is not doing.".to_owned()
            )
        );
    }

    #[test]
    fn a_second_backup_of_the_same_initiator_is_refused() {
        let cluster = Cluster::new();
        cluster.sys("ALTER SYSTEM BACKUP TENANT = orders").unwrap();
        cluster.pass(5);
        assert_eq!(
            code(cluster.sys("ALTER SYSTEM BACKUP TENANT = orders")),
            9036
        );
        let own = || code(cluster.run_as("root@orders", "ALTER SYSTEM BACKUP DATABASE"));
        assert_eq!([own(), own()], [0, 9036]);
    }

    #[test]
    fn forms_that_the_engine_does_not_take() {
        let cluster = Cluster::new();
        assert_eq!(code(cluster.sys("ALTER SYSTEM BACKUP TENANT = sys")), 4016);
        assert_eq!(
            code(cluster.sys("ALTER SYSTEM BACKUP TENANT = nobody")),
            5160
        );
        assert_eq!(
            code(cluster.sys("ALTER SYSTEM BACKUP DATABASE TO 'file:///x'")),
            1235
        );
        assert_eq!(
            code(cluster.run_as("root@orders", "ALTER SYSTEM BACKUP TENANT = orders")),
            1235
        );
    }

    #[test]
    fn plus_archivelog_came_with_4_2_0() {
        let plus = "ALTER SYSTEM BACKUP DATABASE PLUS ARCHIVELOG";
        for user in ["root@orders", "root@sys"] {
            let answer = |version| Cluster::of(Scenario::new(version)).run_as(user, plus);
            assert_eq!(
                ["4.0.0.0", "4.1.0.0", "4.2.0.0"].map(|version| code(answer(version))),
                [1235, 1235, 0]
            );
        }
        let text = "plus archive is not supported not supported";
        assert_eq!(Cluster::of(Scenario::new("4.1.0.0")).refused(plus).1, text);
    }

    #[test]
    fn a_password_holds_for_every_backup_of_its_session() {
        let cluster = Cluster::new();
        let mut session = cluster.session("root@orders");
        session.execute("SET ENCRYPTION ON IDENTIFIED BY 'pw' ONLY; ALTER SYSTEM BACKUP DATABASE");
        cluster.pass(600);
        session.execute("ALTER SYSTEM BACKUP DATABASE");
        cluster.pass(600);
        let passwords = cluster.simulator.world(|world| {
            let sets = &world.tenant("orders").unwrap().backups.sets;
            sets.iter()
                .map(|set| set.passwd.is_empty())
                .collect::<Vec<_>>()
        });
        assert_eq!(passwords, [false, false]);
    }

    #[test]
    fn a_reset_connection_forgets_the_password() {
        let cluster = Cluster::new();
        let mut session = cluster.session("root@orders");
        session.execute("SET ENCRYPTION ON IDENTIFIED BY 'pw' ONLY");
        session.reset();
        session.execute("ALTER SYSTEM BACKUP DATABASE");
        assert!(cluster.simulator.world(|world| {
            world.tenant("orders").unwrap().backups.jobs[0]
                .passwd
                .is_empty()
        }));
    }

    #[test]
    fn cancelling_nothing_is_ok() {
        let cluster = Cluster::new();
        assert_eq!(
            code(cluster.sys("ALTER SYSTEM CANCEL BACKUP TENANT = orders")),
            0
        );
        assert_eq!(code(cluster.sys("ALTER SYSTEM CANCEL DELETE BACKUP")), 0);
    }
}

mod policies {
    use super::*;

    const ADD: &str = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'";

    #[test]
    fn a_second_policy_is_a_duplicate_and_a_missing_one_can_be_dropped() {
        let cluster = Cluster::new();
        let answers = [
            cluster.sys(&format!("{ADD} TENANT = orders")),
            cluster.sys(&format!("{ADD} TENANT = orders")),
            cluster.sys("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT orders"),
            cluster.sys("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT orders"),
        ];
        assert_eq!(answers.map(code), [0, 1062, 0, 0]);
    }

    #[test]
    fn each_rule_of_a_policy_has_its_text() {
        let cluster = Cluster::new();
        let add = |rest: &str| {
            cluster
                .refused(&format!("ALTER SYSTEM ADD DELETE BACKUP POLICY {rest}"))
                .1
        };
        let one = "tenant names specified, only one tenant name can be specified not supported";
        assert_eq!(
            add("'mine' RECOVERY_WINDOW '7d' TENANT orders"),
            "The policy name is not 'default', it is not supported"
        );
        assert_eq!(
            add("'default' RECOVERY_WINDOW '7d'"),
            format!("Too little {one}")
        );
        assert_eq!(
            add("'default' RECOVERY_WINDOW '7d' TENANT orders, blank"),
            format!("Too many {one}")
        );
        assert_eq!(
            add("'default' TENANT orders"),
            "Neither recovery_window nor redundancy is set not supported"
        );
        assert_eq!(
            add("'default' RECOVERY_WINDOW 'week' TENANT orders"),
            "recovery window is not be time string not supported"
        );
        assert_eq!(
            add("'default' RECOVERY_WINDOW '7d' REDUNDANCY 2 TENANT orders"),
            "Redundancy not equal to 1 is not supported"
        );
    }

    #[test]
    fn a_user_tenant_names_no_tenant() {
        let cluster = Cluster::new();
        assert_eq!(
            code(cluster.run_as("root@orders", &format!("{ADD} TENANT orders"))),
            1235
        );
        assert_eq!(code(cluster.run_as("root@orders", ADD)), 0);
    }
}

mod privileges {
    use super::*;

    #[test]
    fn without_alter_system_nothing_is_changed() {
        let reader = UserSpec {
            name: "reader".to_owned(),
            tenant: "sys".to_owned(),
            password: String::new(),
            alter_system: false,
            select: true,
        };
        let cluster = Cluster::of(Scenario::new("4.3.5.2").user(reader));
        assert_eq!(
            cluster
                .run_as("reader@sys", "ALTER SYSTEM CANCEL BACKUP")
                .unwrap_err()
                .message,
            "Access denied; you need (at least one of) the ALTER SYSTEM privilege(s) for this \
             operation"
        );
    }
}
