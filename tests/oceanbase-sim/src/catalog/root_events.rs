//! Rows of the event history of the root service.

use super::cell::{int, text, time};
use super::{NOBODY, Row, Sight};
use crate::model::RootEvent;
use crate::value::Value;

const RPC_PORT: u64 = 2882;

impl Sight<'_> {
    pub(super) fn root_event_rows(&self, stem: &str) -> Option<Vec<Row<'_>>> {
        let events = self.world.root_events.iter();
        (stem == "OB_ROOTSERVICE_EVENT_HISTORY")
            .then(|| events.map(|event| self.root_event_row(event)).collect())
    }

    fn root_event_row<'a>(&'a self, event: &'a RootEvent) -> Row<'a> {
        let host = &self.world.address.0;
        Row::new(NOBODY, move |column| match column {
            "TIMESTAMP" => time(event.at),
            "MODULE" => text(event.module),
            "EVENT" => text(event.event),
            "EXTRA_INFO" => text(""),
            "RS_SVR_IP" => text(host.clone()),
            "RS_SVR_PORT" => int(RPC_PORT),
            _ => pair(event, column).unwrap_or_else(|| text("")),
        })
    }
}

/// Returns a cell of `NAME1` to `VALUE6`; none for a pair that the event does not have.
fn pair(event: &RootEvent, column: &str) -> Option<Value> {
    let is_name = column.starts_with("NAME");
    let number = column
        .trim_start_matches("NAME")
        .trim_start_matches("VALUE");
    let index = number.parse::<usize>().ok()?.checked_sub(1)?;
    let (name, value) = event.pairs.get(index)?;
    Some(if is_name {
        text(*name)
    } else {
        text(value.clone())
    })
}
