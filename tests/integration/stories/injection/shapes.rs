//! Shapes of sent statements, which detect an injection.
//!
//! A shape is the text of a statement with placeholders for its literals. A value that stays within
//! its quotes changes only a literal. A value that leaves its quotes adds words or signs, so the
//! shape differs. The stories compare all shapes with those of a world without hostile values.

use std::collections::BTreeSet;

use oceanbase_sim::Simulator;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::{Kind, Token, split, tokens};

use super::super::{archiving, task_without_strategy};

/// A sent statement.
pub(super) struct Sent {
    /// Words and signs, with placeholders for the literals.
    pub(super) shape: String,
    /// Values of strings and numbers.
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
    // The lexer returns no tokens for a comment. An appended word adds no token if the comment is
    // open at the end.
    if tokens(&format!("{text} x")).is_ok_and(|more| more.len() != shape.len() + 1) {
        shape.push("and an open comment".to_owned());
    }
    Sent {
        shape: shape.join(" "),
        literals,
        kind,
    }
}

/// Returns all shapes that an operator sends in a world without hostile values.
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
        "spec: {recovery: {policy: Allowed, sourceTenants: ['*']}}",
    );
    world.apply(PREVIEW);
    // The storage has no backup at the paths of the preview. The statements are sent nevertheless.
    world.phase("recoverytask", "look", "Failed");
    shapes(&world.simulator)
}

/// A preview of a recovery. Its statements read backups, and change nothing.
const PREVIEW: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: look}
spec:
  source: {storage: {storageRef: {name: nfs}, dataPath: a/data, logPath: a/log, tenantName: orders}}
  until: {type: SCN, scn: '1700000000000000000'}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_orders, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  mode: Preview
";

/// Returns the shapes of everything that was sent.
pub(super) fn shapes(simulator: &Simulator) -> BTreeSet<String> {
    sent(simulator).into_iter().map(|sent| sent.shape).collect()
}

/// Returns the shapes of a statement that has this value within quotes.
fn shapes_with(value: &str) -> Vec<String> {
    let text = format!("ALTER SYSTEM ARCHIVELOG TENANT = '{value}'");
    let parts = split(&text).into_iter();
    parts.map(|part| of(part, Kind::ArchiveLog).shape).collect()
}

const SHAPE: &str = "ALTER SYSTEM ARCHIVELOG TENANT = '…'";

#[test]
fn a_value_that_stays_within_its_quotes_has_the_same_shape() {
    for (case, value) in [
        ("a plain name", "orders"),
        (
            "a doubled quote, a comment and a typographic quote",
            "x''y; -- \u{2019}",
        ),
    ] {
        assert_eq!(shapes_with(value), [SHAPE], "{case}: {value}");
    }
}

#[test]
fn a_value_that_leaves_its_quotes_has_another_shape() {
    for (case, value) in [
        ("a second statement", "x'; DROP TENANT orders; -- "),
        ("an escaped closing quote", "x\\"),
        ("an open comment", "x' /*"),
        ("an adjacent literal", "x' 'y"),
    ] {
        assert_ne!(shapes_with(value), [SHAPE], "{case}: {value}");
    }
}
