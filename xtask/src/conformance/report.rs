//! The report of a run, as Markdown.

use std::fmt::{self, Write};
use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};

/// The conclusion of a line of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The database does what the operator assumes.
    ExpectedValue,
    /// The database behaves differently.
    Mismatch,
    /// The run did not check; the observation says why.
    NotChecked,
    /// The run checked and has no answer.
    Unknown,
}

impl Verdict {
    /// All verdicts, in the order in which they are counted.
    const ALL: [Self; 4] = [
        Self::ExpectedValue,
        Self::Mismatch,
        Self::Unknown,
        Self::NotChecked,
    ];

    /// Returns the verdict on an observation that is as expected or not.
    pub(super) fn of(is_as_expected: bool) -> Self {
        if is_as_expected {
            Self::ExpectedValue
        } else {
            Self::Mismatch
        }
    }

    /// Returns whether a DBA must check the line.
    pub(super) fn needs_attention(self) -> bool {
        matches!(self, Self::Mismatch | Self::Unknown)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExpectedValue => "as expected",
            Self::Mismatch => "MISMATCH",
            Self::NotChecked => "not checked",
            Self::Unknown => "unknown",
        })
    }
}

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // their headings say what they are
pub(super) enum Section {
    Identity,
    Privileges,
    Views,
    LogArchiving,
    Backups,
    DeletePolicy,
    Preview,
    Recovery,
    Tables,
    Cleanup,
    Capabilities,
    CleaningUp,
}

impl Section {
    const ALL: [Self; 12] = [
        Self::Identity,
        Self::Privileges,
        Self::Views,
        Self::LogArchiving,
        Self::Backups,
        Self::DeletePolicy,
        Self::Preview,
        Self::Recovery,
        Self::Tables,
        Self::Cleanup,
        Self::Capabilities,
        Self::CleaningUp,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Privileges => "Privileges",
            Self::Views => "Views",
            Self::LogArchiving => "Log archiving",
            Self::Backups => "Backups",
            Self::DeletePolicy => "Delete policy",
            Self::Preview => "Preview of a restore",
            Self::Recovery => "Recovery of a tenant",
            Self::Tables => "Recovery of tables",
            Self::Cleanup => "Deletion by a user",
            Self::Capabilities => "Capabilities without a check",
            Self::CleaningUp => "Cleaning up",
        }
    }
}

/// One assumption and its observation.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) section: Section,
    pub(super) assumption: String,
    pub(super) observation: String,
    pub(super) evidence: String,
    pub(super) verdict: Verdict,
}

/// The report of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Facts above the tables: name and value.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The results, in the order of the run.
    pub(super) lines: Vec<Line>,
    /// Further remarks for the DBA.
    pub(super) remarks: Vec<String>,
}

impl Report {
    /// Returns the lines that a DBA must check.
    pub(super) fn lines_to_act_on(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| line.verdict.needs_attention())
    }

    /// Returns the exit code of the command.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.lines_to_act_on().next().is_some()))
    }

    /// Renders the report. Secrets are masked everywhere.
    pub(super) fn to_markdown(&self, secrets: &[SecretString]) -> String {
        let mut text = "# Conformance report\n\n".to_owned();
        for (name, value) in &self.facts {
            // Writing to a String does not fail.
            let _ = writeln!(text, "* {name}: {value}");
        }
        let _ = writeln!(text, "* Result: {}", self.counts());
        for section in Section::ALL {
            self.write_section(&mut text, section);
        }
        if !self.remarks.is_empty() {
            text.push_str("\n## Remarks\n\n");
            for remark in &self.remarks {
                let _ = writeln!(text, "* {remark}");
            }
        }
        mask(text, secrets)
    }

    fn write_section(&self, text: &mut String, section: Section) {
        let lines = self.lines.iter().filter(|line| line.section == section);
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return;
        }
        let _ = write!(
            text,
            "\n## {}\n\n| Assumption | Observation | Evidence | Verdict |\n|---|---|---|---|\n",
            section.heading()
        );
        for line in lines {
            let [assumption, observation, evidence] =
                [&line.assumption, &line.observation, &line.evidence].map(|text| cell(text));
            let verdict = if line.verdict.needs_attention() {
                format!("**{}**", line.verdict)
            } else {
                line.verdict.to_string()
            };
            let _ = writeln!(
                text,
                "| {assumption} | {observation} | {evidence} | {verdict} |"
            );
        }
    }

    fn counts(&self) -> String {
        let counts = Verdict::ALL.map(|verdict| {
            let lines = self.lines.iter();
            let count = lines.filter(|line| line.verdict == verdict).count();
            format!("{count} {verdict}")
        });
        counts.join(", ")
    }
}

/// Escapes a text so that it cannot end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Masks the secrets in a text. Secrets of one or two characters would mask half of the report.
pub(super) fn mask(text: String, secrets: &[SecretString]) -> String {
    let secrets = secrets.iter().map(ExposeSecret::expose_secret);
    secrets
        .filter(|secret| secret.len() > 2)
        .fold(text, |text, secret| text.replace(secret, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(verdict: Verdict) -> Line {
        Line {
            section: Section::Backups,
            assumption: "a | b".to_owned(),
            observation: "the key is sesame".to_owned(),
            evidence: "source".to_owned(),
            verdict,
        }
    }

    #[test]
    fn mismatch_and_unknown_end_with_1() {
        for (verdict, code) in [
            (Verdict::ExpectedValue, 0),
            (Verdict::NotChecked, 0),
            (Verdict::Mismatch, 1),
            (Verdict::Unknown, 1),
        ] {
            let report = Report {
                lines: vec![line(verdict)],
                ..Report::default()
            };
            assert_eq!(report.exit_code(), ExitCode::from(code), "{verdict}");
        }
    }

    #[test]
    fn report_masks_secrets_and_escapes_cells() {
        let report = Report {
            lines: vec![line(Verdict::Mismatch)],
            ..Report::default()
        };
        let text = report.to_markdown(&["sesame".to_owned().into()]);
        let expected = "| a \\| b | the key is *** | source | **MISMATCH** |";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("0 as expected, 1 MISMATCH, 0 unknown, 0 not checked"));
    }
}
