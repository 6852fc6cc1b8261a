//! An operator's possible requests to an API server, one after the other, and the answers as texts,
//! which must be the same for every API server.

use axum::http::Request;
use futures::StreamExt;
use kube::Client;
use kube::api::DynamicObject;
use kube::core::WatchEvent;
use serde_json::{Value, json};
use simulation::request;

// A name in braces cannot be part of a page's token, which is base64 for URLs.
const LOG_BACKUPS: &str = "apis/backup.oceanbase.io/v1alpha1/namespaces/{namespace}/logbackups";
const LEASES: &str = "apis/coordination.k8s.io/v1/namespaces/{namespace}/leases";
const SECRETS: &str = "api/v1/namespaces/{namespace}/secrets";

/// A run of the script against one API server.
pub(crate) struct Script {
    client: Client,
    namespace: String,
    said: Vec<String>,
}

/// A LogBackup.
fn log_backup(name: &str) -> Value {
    json!({
        "apiVersion": "backup.oceanbase.io/v1alpha1", "kind": "LogBackup",
        "metadata": {"name": name, "labels": {"team": name}},
        "spec": {"clusterRef": {"name": "prod"}, "storageRef": {"name": "nfs"}, "tenantName": "orders"},
    })
}

impl Script {
    pub(crate) fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            said: Vec::new(),
        }
    }

    /// Sends all requests; `collect` runs the garbage collector.
    pub(crate) async fn run(mut self, collect: impl AsyncFn()) -> Vec<String> {
        self.making().await;
        self.replacing().await;
        self.statuses().await;
        self.patching().await;
        self.listing().await;
        self.watching().await;
        self.deleting().await;
        self.owning(collect).await;
        self.built_in().await;
        self.said
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, (u16, String)> {
        let path = format!("/{}", path.replace("{namespace}", &self.namespace));
        let media_type = match method {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        match request::send(&self.client, method, &path, media_type, body).await {
            Ok(answer) => Ok(answer),
            Err(kube::Error::Api(status)) => Err((status.code, status.reason.clone())),
            Err(error) => panic!("{method} {error}"),
        }
    }

    /// Sends a request, and records what `look` finds in the answer.
    async fn ask(
        &mut self,
        what: &str,
        (method, path, body): (&str, &str, &Value),
        look: impl FnOnce(&Value) -> Value,
    ) -> Value {
        let answer = self.send(method, path, body).await;
        let said = match &answer {
            Ok(answer) => look(answer).to_string(),
            Err((code, reason)) => format!("{code} {reason}"),
        };
        self.said.push(format!("{what}: {said}"));
        answer.unwrap_or_default()
    }

    async fn current(&self, name: &str) -> Value {
        let path = format!("{LOG_BACKUPS}/{name}");
        self.send("GET", &path, &Value::Null).await.unwrap()
    }

    async fn making(&mut self) {
        let mut object = log_backup("a");
        object["spec"]["nobody"] = "knows this".into();
        object["status"] = json!({"phase": "InProgress"});
        let look =
            |made: &Value| json!([made["spec"], made["status"], made["metadata"]["generation"]]);
        self.ask("make", ("POST", LOG_BACKUPS, &object), look).await;
        self.ask("make it again", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let mut object = log_backup("b");
        object["spec"]["tenantName"].take();
        self.ask("a field missing", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let mut object = log_backup("b");
        object["spec"]["pieceSwitchDays"] = 8.into();
        self.ask("out of range", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let mut object = log_backup("b");
        object["spec"]["binding"] = "Perhaps".into();
        self.ask("no such variant", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let mut object = log_backup("b");
        object["spec"]["state"] = "Paused".into();
        object["spec"]["binding"] = "Mandatory".into();
        self.ask("against a rule", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let wrong = log_backup("No Name");
        self.ask("no name", ("POST", LOG_BACKUPS, &wrong), look)
            .await;
        let mut object = log_backup("b");
        object["apiVersion"] = "v1".into();
        self.ask("another version", ("POST", LOG_BACKUPS, &object), look)
            .await;
        let path = format!("{LOG_BACKUPS}/nobody");
        self.ask("get nobody", ("GET", &path, &Value::Null), look)
            .await;
    }

    async fn replacing(&mut self) {
        let path = format!("{LOG_BACKUPS}/a");
        let look = |new: &Value| json!([new["spec"], new["status"], new["metadata"]["generation"]]);
        let known = self.current("a").await;
        let mut object = known.clone();
        object["spec"]["pieceSwitchDays"] = 2.into();
        object["status"] = json!({"phase": "Stopped"});
        self.ask("replace", ("PUT", &path, &object), look).await;
        self.ask("replace what is old", ("PUT", &path, &object), look)
            .await;
        let mut object = self.current("a").await;
        object["metadata"]["resourceVersion"].take();
        self.ask("without a version", ("PUT", &path, &object), look)
            .await;
        let mut object = self.current("a").await;
        object["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555".into();
        self.ask("another uid", ("PUT", &path, &object), look).await;
        let object = self.current("a").await;
        let version = object["metadata"]["resourceVersion"].clone();
        let same = |new: &Value| json!(new["metadata"]["resourceVersion"] == version);
        self.ask("replace by the same", ("PUT", &path, &object), same)
            .await;
        let mut object = self.current("a").await;
        object["spec"]["tenantName"] = "billing".into();
        self.ask("what cannot change", ("PUT", &path, &object), look)
            .await;
    }

    async fn statuses(&mut self) {
        let path = format!("{LOG_BACKUPS}/a/status");
        let look = |new: &Value| {
            json!([
                new["spec"],
                new["status"],
                new["metadata"]["generation"],
                new["metadata"]["labels"]
            ])
        };
        let known = self.current("a").await;
        let mut object = known.clone();
        object["spec"]["pieceSwitchDays"] = 3.into();
        object["metadata"]["labels"] = json!({"team": "none"});
        object["status"] = json!({"phase": "Starting", "observedGeneration": 2, "nobody": 1});
        self.ask("status", ("PUT", &path, &object), look).await;
        self.ask("status of what is old", ("PUT", &path, &object), look)
            .await;
        let object = self.current("a").await;
        let version = object["metadata"]["resourceVersion"].clone();
        let same = |new: &Value| json!(new["metadata"]["resourceVersion"] == version);
        self.ask("the same status", ("PUT", &path, &object), same)
            .await;
        let mut object = self.current("a").await;
        object["status"]["phase"] = "x".repeat(65).into();
        self.ask("a long status", ("PUT", &path, &object), look)
            .await;
        let mut object = self.current("a").await;
        object["status"]["checkpointTime"] = "today".into();
        self.ask("no time", ("PUT", &path, &object), look).await;
        let change = json!({"status": {"consoleLabel": "Starting"}});
        self.ask("merge into a status", ("PATCH", &path, &change), look)
            .await;
    }

    async fn patching(&mut self) {
        let path = format!("{LOG_BACKUPS}/a");
        let look = |new: &Value| json!([new["spec"], new["status"], new["metadata"]["generation"]]);
        let change = json!({"spec": {"path": "x/y"}, "status": {"phase": "Nothing"}});
        self.ask("merge", ("PATCH", &path, &change), look).await;
        let change = json!({"spec": {"path": null}});
        self.ask("merge a null", ("PATCH", &path, &change), look)
            .await;
        let change = json!({"metadata": {"annotations": {"a": "b"}}});
        self.ask("merge metadata", ("PATCH", &path, &change), look)
            .await;
        let change = json!({"metadata": {"resourceVersion": "1"}, "spec": {"path": "z"}});
        self.ask("merge into what is old", ("PATCH", &path, &change), look)
            .await;
    }

    async fn listing(&mut self) {
        for name in ["b", "c"] {
            let made = self.send("POST", LOG_BACKUPS, &log_backup(name)).await;
            made.unwrap();
        }
        let names = |list: &Value| {
            let items = list["items"].as_array().unwrap().iter();
            let names: Vec<_> = items.map(|item| item["metadata"]["name"].clone()).collect();
            json!([list["kind"], names, list["metadata"]["remainingItemCount"]])
        };
        let path = format!("{LOG_BACKUPS}?limit=2");
        let page = self
            .ask("a page", ("GET", &path, &Value::Null), names)
            .await;
        let token = page["metadata"]["continue"].as_str().unwrap().to_owned();
        let path = format!(
            "{LOG_BACKUPS}?limit=2&continue={}",
            token.replace('/', "%2F")
        );
        self.ask("the next page", ("GET", &path, &Value::Null), names)
            .await;
        for selector in [
            "labelSelector=team%3Db",
            "labelSelector=team%21%3Db",
            "fieldSelector=metadata.name%3Dc",
            "fieldSelector=spec.nothing%3Dc",
        ] {
            let path = format!("{LOG_BACKUPS}?{selector}");
            self.ask(selector, ("GET", &path, &Value::Null), names)
                .await;
        }
    }

    async fn watching(&mut self) {
        let list = self.send("GET", LOG_BACKUPS, &Value::Null).await.unwrap();
        let version = list["metadata"]["resourceVersion"].as_str().unwrap();
        let path = LOG_BACKUPS.replace("{namespace}", &self.namespace);
        let uri = format!("/{path}?watch=true&timeoutSeconds=3&resourceVersion={version}");
        let request = Request::get(uri).body(Vec::new()).unwrap();
        self.send("POST", LOG_BACKUPS, &log_backup("d"))
            .await
            .unwrap();
        let change = json!({"spec": {"pieceSwitchDays": 5}});
        let path = format!("{LOG_BACKUPS}/d");
        self.send("PATCH", &path, &change).await.unwrap();
        self.send("DELETE", &path, &Value::Null).await.unwrap();
        let events = self
            .client
            .request_events::<DynamicObject>(request)
            .await
            .unwrap();
        let events: Vec<kube::Result<WatchEvent<DynamicObject>>> = events.collect().await;
        let shown = events.iter().map(|event| match event.as_ref().unwrap() {
            WatchEvent::Added(o) => format!("ADDED {:?}", o.metadata.name),
            WatchEvent::Modified(o) => format!("MODIFIED {:?}", o.metadata.generation),
            WatchEvent::Deleted(o) => format!("DELETED {:?}", o.metadata.generation),
            other => format!("{other:?}"),
        });
        self.said.extend(shown);
    }

    async fn deleting(&mut self) {
        let path = format!("{LOG_BACKUPS}/b");
        let status = |answer: &Value| json!([answer["kind"], answer["status"]]);
        let wrong = json!({"preconditions": {"uid": "11111111-2222-3333-4444-555555555555"}});
        self.ask("delete another", ("DELETE", &path, &wrong), status)
            .await;
        let change = json!({"metadata": {"finalizers": ["example.com/wait"]}});
        self.send("PATCH", &path, &change).await.unwrap();
        let going = |object: &Value| {
            let meta = &object["metadata"];
            json!([
                meta["deletionTimestamp"].is_string(),
                meta["generation"],
                meta["finalizers"]
            ])
        };
        let delete = ("DELETE", path.as_str(), &Value::Null);
        self.ask("delete what is held", delete, going).await;
        self.ask("it is there", ("GET", &path, &Value::Null), going)
            .await;
        let change = json!({"metadata": {"finalizers": null}});
        self.ask("let it go", ("PATCH", &path, &change), going)
            .await;
        self.ask("it is gone", ("GET", &path, &Value::Null), going)
            .await;
        let path = format!("{LOG_BACKUPS}/c");
        let delete = ("DELETE", path.as_str(), &Value::Null);
        self.ask("delete", delete, status).await;
        self.ask("delete again", delete, status).await;
    }

    async fn owning(&mut self, collect: impl AsyncFn()) {
        let owner = self.current("a").await;
        let mut child = log_backup("child");
        child["metadata"]["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": "a", "uid": owner["metadata"]["uid"],
        }]);
        self.send("POST", LOG_BACKUPS, &child).await.unwrap();
        let path = format!("{LOG_BACKUPS}/a");
        self.send("DELETE", &path, &Value::Null).await.unwrap();
        collect().await;
        let names = |list: &Value| json!(list["items"].as_array().unwrap().len());
        self.ask("what is left", ("GET", LOG_BACKUPS, &Value::Null), names)
            .await;
    }

    async fn built_in(&mut self) {
        let secret = json!({"metadata": {"name": "s"}, "stringData": {"password": "äöü"}});
        let data = |made: &Value| made["data"].clone();
        self.ask("a Secret", ("POST", SECRETS, &secret), data).await;
        let holder =
            |name: &str| json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": name}});
        let who = |lease: &Value| lease["spec"].clone();
        let free = holder("x");
        let lease = self.ask("a Lease", ("POST", LEASES, &free), who);
        let mut lease = lease.await;
        let path = format!("{LEASES}/l");
        lease["spec"]["holderIdentity"] = "y".into();
        self.ask("take it", ("PUT", &path, &lease), who).await;
        self.ask("take it too late", ("PUT", &path, &lease), who)
            .await;
        self.ask("seize it", ("PUT", &path, &holder("z")), who)
            .await;
    }
}
