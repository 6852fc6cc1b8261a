//! Sent statements without their literals.

use std::collections::BTreeSet;

use oceanbase_sim::Simulator;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::{Kind, Token, split, tokens};

use super::super::{archiving, task_without_strategy};

/// A statement's words and signs, its literals, and its kind.
pub(super) struct Sent {
    pub(super) shape: String,
    pub(super) literals: Vec<String>,
    pub(super) kind: Kind,
}

/// Returns everything that was sent so far.
pub(super) fn sent(simulator: &Simulator) -> Vec<Sent> {
    simulator.log(|log| {
        let entries = log.entries();
        entries.map(|entry| of(&entry.text, entry.kind)).collect()
    })
}

fn of(text: &str, kind: Kind) -> Sent {
    let mut literals = Vec::new();
    let mut shape: Vec<String> = match tokens(text) {
        Ok(tokens) => tokens
            .into_iter()
            .map(|token| match token {
                Token::Word(word) => word,
                Token::Quoted(name) => format!("`{name}`"),
                Token::Text(text) => {
                    literals.push(text);
                    "'…'".to_owned()
                }
                Token::Number(number) => {
                    literals.push(number);
                    "0".to_owned()
                }
                Token::Sign(sign) => sign.to_string(),
            })
            .collect(),
        Err(error) => vec![format!("no statement: {}: {text}", error.code)],
    };
    // Text inside a comment has no tokens: an appended word must therefore add a token.
    if tokens(&format!("{text} x")).is_ok_and(|more| more.len() != shape.len() + 1) {
        shape.push("and a comment".to_owned());
    }
    Sent {
        shape: shape.join(" "),
        literals,
        kind,
    }
}

/// Returns all shapes that an operator sends in a world of plain names.
pub(super) fn usual() -> BTreeSet<String> {
    let world = archiving("injection-usual");
    // A running backup causes further queries, so the operator must observe one.
    world.hold("orders", Stage::Doing);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "InProgress");
    world.release("orders");
    world.phase("backuptask", "now", "Completed");
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {recovery: {policy: Allowed}}",
    );
    world.apply(PREVIEW);
    world.phase("recoverytask", "look", "Failed");
    shapes(&world.simulator)
}

/// A preview of a recovery, which only queries the database.
const PREVIEW: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: look}
spec:
  source: {type: Storage, storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: Scn, scn: '1700000000000000000'}
  target: {clusterRef: {name: prod}, tenantName: restore_orders, resources: {type: Create, create: {maxCpu: '2', memory: 8Gi}}}
  mode: Preview
";

/// Returns the shapes of everything that was sent.
pub(super) fn shapes(simulator: &Simulator) -> BTreeSet<String> {
    sent(simulator).into_iter().map(|sent| sent.shape).collect()
}

#[test]
fn a_value_that_leaves_its_quotes_has_another_shape() {
    let shape = |name: &str| {
        let text = format!("ALTER SYSTEM ARCHIVELOG TENANT = '{name}'");
        let parts = split(&text).into_iter();
        let shapes = parts.map(|part| of(part, Kind::ArchiveLog).shape);
        shapes.collect::<Vec<_>>()
    };
    let usual = shape("orders");
    assert_eq!(usual, ["ALTER SYSTEM ARCHIVELOG TENANT = '…'"]);
    for leaves in ["x'; DROP TENANT orders; -- ", "x\\", "x' /*", "x' 'y"] {
        assert_ne!(shape(leaves), usual, "{leaves}");
    }
    assert_eq!(shape("x''y; -- \u{2019}"), usual);
}
