//! Checks that the API double answers as the API server does.

use std::sync::Arc;
use std::time::Duration;

use api_double::{Double, Peace};
use axum::http::Request;
use jiff::Timestamp;
use serde_json::Value;

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
        for _ in 0..1200 {
            let request = Request::get(path).body(Vec::new()).unwrap();
            match client.request::<Value>(request).await {
                Err(kube::Error::Api(status)) if status.code == 404 => return,
                other => drop(other.unwrap()),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the garbage collector did not come by within two minutes");
    };
    api::runtime().block_on(Script::new(client.clone(), "honest").run(collect))
}

#[test]
fn the_double_answers_a_script_as_the_api_server_does() {
    assert_eq!(of_the_double(), of_the_server());
}
