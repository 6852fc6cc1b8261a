//! Tests of injected faults and of behavior that only the double has. The integration tests compare
//! the rest with a real API server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use serde_json::Value;

use crate::{Call, Double, EventFate, Fate, Gate, Kinds, Moment, Peace, Refusal};

/// Fates for requests that change something, and for events, in order.
#[derive(Default)]
struct Script {
    calls: Mutex<Vec<Fate>>,
    events: Mutex<Vec<EventFate>>,
}

impl Gate for Script {
    fn call(&self, call: &Call) -> Fate {
        let mut calls = self.calls.lock().unwrap();
        if call.verb.is_writing() {
            calls.pop().unwrap_or(Fate::Serve)
        } else {
            Fate::Serve
        }
    }

    fn event(&self, _: &str, _: &str, _: &Value) -> EventFate {
        let mut events = self.events.lock().unwrap();
        events.pop().unwrap_or(EventFate::Deliver)
    }
}

fn double() -> Double {
    Double::new(Kinds::default(), || Timestamp::UNIX_EPOCH)
}

fn api(double: &Double, gate: impl Gate) -> Api<ConfigMap> {
    Api::namespaced(double.client(Arc::new(gate)), "n")
}

fn named(name: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object
}

async fn make(api: &Api<ConfigMap>, name: &str) -> kube::Result<ConfigMap> {
    api.create(&PostParams::default(), &named(name)).await
}

/// Returns the events of a watch until it ends.
async fn events(api: &Api<ConfigMap>, version: &str, seconds: u32) -> Vec<String> {
    let params = WatchParams::default().timeout(seconds);
    let events = api.watch(&params, version).await.unwrap();
    let shown = events.into_stream().map(|event| match event.unwrap() {
        WatchEvent::Added(object) => object.metadata.name.unwrap(),
        WatchEvent::Bookmark(_) => "bookmark".to_owned(),
        WatchEvent::Error(status) => status.code.to_string(),
        other => format!("{other:?}"),
    });
    shown.collect().await
}

fn with_events(fates: &[EventFate]) -> Script {
    Script {
        events: Mutex::new(fates.iter().rev().cloned().collect()),
        ..Script::default()
    }
}

fn with_calls(fates: &[Fate]) -> Script {
    Script {
        calls: Mutex::new(fates.iter().rev().cloned().collect()),
        ..Script::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_lost_after_the_object_was_made() {
    let double = double();
    let api = api(&double, with_calls(&[Fate::Lose(Moment::After)]));
    assert!(make(&api, "a").await.is_err());
    assert!(double.get("configmaps", "n", "a").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_request_can_be_lost_before_it_is_served() {
    let double = double();
    let api = api(&double, with_calls(&[Fate::Lose(Moment::Before)]));
    assert!(make(&api, "a").await.is_err());
    assert!(double.get("configmaps", "n", "a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_late_write_arrives_although_its_sender_is_gone() {
    let double = double();
    let pause = Duration::from_secs(20);
    let api = api(&double, with_calls(&[Fate::Late(pause)]));
    let given_up = tokio::time::timeout(Duration::from_secs(10), make(&api, "a")).await;
    assert!(given_up.is_err() && double.get("configmaps", "n", "a").is_none());
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(double.get("configmaps", "n", "a").is_some());
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_come_long_after_the_object_was_made() {
    let double = double();
    let pause = Duration::from_secs(20);
    let api = api(&double, with_calls(&[Fate::AnswerLate(pause)]));
    let given_up = tokio::time::timeout(Duration::from_secs(10), make(&api, "a")).await;
    assert!(given_up.is_err() && double.get("configmaps", "n", "a").is_some());
}

#[tokio::test(start_paused = true)]
async fn the_client_waits_as_long_as_a_busy_server_says() {
    let double = double();
    let busy = Fate::Refuse(Refusal::of_code(429));
    let api = api(&double, with_calls(&[busy.clone(), busy]));
    let began = tokio::time::Instant::now();
    make(&api, "a").await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_now_and_then_how_far_it_is() {
    let double = double();
    let api = api(&double, Peace);
    assert_eq!(events(&api, "1", 130).await, ["bookmark", "bookmark"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_before_the_history_is_told_to_list_anew() {
    let double = double();
    let api = api(&double, Peace);
    make(&api, "a").await.unwrap();
    make(&api, "b").await.unwrap();
    double.compact();
    assert_eq!(events(&api, "1", 10).await, ["410"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_event_is_found_by_listing_anew() {
    let double = double();
    let api = api(
        &double,
        with_events(&[EventFate::Drop(Duration::from_secs(30)), EventFate::Twice]),
    );
    make(&api, "a").await.unwrap();
    make(&api, "b").await.unwrap();
    assert_eq!(events(&api, "1", 50).await, ["b", "b", "410"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_lost_an_event_ends_with_410() {
    let double = double();
    let lost = EventFate::Drop(Duration::from_secs(100));
    let api = api(&double, with_events(&[lost]));
    make(&api, "a").await.unwrap();
    assert_eq!(events(&api, "1", 50).await, ["410"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_shows_what_was_there_when_the_first_was_asked_for() {
    let double = double();
    let api = api(&double, Peace);
    for name in ["a", "b", "c"] {
        make(&api, name).await.unwrap();
    }
    let params = ListParams::default().limit(2);
    let page = api.list(&params).await.unwrap();
    make(&api, "d").await.unwrap();
    let params = params.continue_token(&page.metadata.continue_.unwrap());
    let page = api.list(&params).await.unwrap();
    let names: Vec<_> = page.items.into_iter().map(|o| o.metadata.name).collect();
    assert_eq!(names, [Some("c".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn every_change_is_witnessed_with_who_asked_for_it() {
    let double = double();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let for_double = Arc::clone(&seen);
    double.witness(move |change| for_double.lock().unwrap().push(change.to_string()));
    make(&api(&double, Peace), "a").await.unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        ["ADDED create configmaps a by operator"]
    );
}
