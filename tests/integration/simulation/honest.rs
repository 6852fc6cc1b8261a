//! The API double answers as the API server does.

use std::sync::Arc;
use std::time::Duration;

use api_double::{Double, Peace};
use jiff::Timestamp;

use super::script::Script;
use crate::support::api;

fn of_the_double() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let double = Double::new(simulation::world::kinds(), || Timestamp::UNIX_EPOCH);
        let client = double.client_of("person", Arc::new(Peace));
        let collect = async || while double.collect_garbage() {};
        Script::new(client, "honest").run(collect).await
    })
}

fn of_the_server() -> Vec<String> {
    let client = api::client();
    api::create_namespace(client, "honest");
    let path = "/apis/backup.oceanbase.io/v1alpha1/namespaces/honest/logbackups/child";
    let collect = async || {
        let is_there = async || {
            let request = axum::http::Request::get(path).body(Vec::new()).unwrap();
            client.request::<serde_json::Value>(request).await.is_ok()
        };
        for _ in 0..600 {
            if !is_there().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    api::runtime().block_on(Script::new(client.clone(), "honest").run(collect))
}

#[test]
fn the_double_answers_a_script_as_the_api_server_does() {
    assert_eq!(of_the_double(), of_the_server());
}
