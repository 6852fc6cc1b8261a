//! Parsed requests.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use http::request::Parts;
use serde_json::Value;

use crate::refusal::Refusal;

/// The operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
}

impl Verb {
    /// Returns the verb in a Role.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// Returns whether it changes objects.
    #[must_use]
    pub fn is_writing(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Patch | Self::Delete
        )
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The operation.
    pub verb: Verb,
    /// The group, empty for the core group.
    pub group: String,
    /// The kind's plural.
    pub plural: String,
    /// `status` or nothing.
    pub subresource: String,
    /// The namespace; `None` for all namespaces.
    pub namespace: Option<String>,
    /// The object's name; empty for a collection.
    pub name: String,
    /// The query parameters.
    pub query: BTreeMap<String, String>,
    /// The media type of the body.
    pub content_type: String,
    /// The body, null without one.
    pub body: Value,
}

impl Call {
    /// Reads a request.
    ///
    /// # Errors
    /// 404 for a path that is not an object's, 400 for a body that is not JSON or YAML.
    pub fn read(parts: &Parts, body: &[u8]) -> Result<Self, Refusal> {
        let no_path = || Refusal::new(404, "NotFound", "the server could not find the resource");
        let mut path = parts.uri.path().split('/').filter(|part| !part.is_empty());
        let group = match path.next() {
            Some("api") => String::new(),
            Some("apis") => path.next().ok_or_else(no_path)?.to_owned(),
            _ => return Err(no_path()),
        };
        path.next().ok_or_else(no_path)?; // the version
        let mut rest: Vec<&str> = path.collect();
        let mut namespace = None;
        if rest.len() > 2 && rest[0] == "namespaces" {
            namespace = Some(rest[1].to_owned());
            rest.drain(..2);
        }
        let plural = (*rest.first().ok_or_else(no_path)?).to_owned();
        let name = rest.get(1).copied().unwrap_or_default().to_owned();
        let subresource = rest.get(2).copied().unwrap_or_default().to_owned();
        let query: BTreeMap<String, String> =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let is_watch = query.get("watch").is_some_and(|w| w == "true" || w == "1");
        let verb = match (&parts.method, name.is_empty()) {
            (&Method::GET, true) if is_watch => Verb::Watch,
            (&Method::GET, true) => Verb::List,
            (&Method::GET, false) => Verb::Get,
            (&Method::POST, true) => Verb::Create,
            (&Method::PUT, false) => Verb::Update,
            (&Method::PATCH, false) => Verb::Patch,
            (&Method::DELETE, false) => Verb::Delete,
            _ => {
                let text = "the server does not allow this method on the requested resource";
                return Err(Refusal::new(405, "MethodNotAllowed", text));
            }
        };
        let content_type = parts.headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let body = if body.is_empty() {
            Value::Null
        } else if content_type.contains("yaml") {
            let text = String::from_utf8_lossy(body);
            serde_saphyr::from_str(&text).map_err(|e| Refusal::bad_request(e.to_string()))?
        } else {
            serde_json::from_slice(body).map_err(|e| Refusal::bad_request(e.to_string()))?
        };
        let name = if verb == Verb::Create {
            let name = body["metadata"]["name"].as_str();
            name.unwrap_or_default().to_owned()
        } else {
            name
        };
        Ok(Self {
            verb,
            group,
            plural,
            subresource,
            namespace,
            name,
            query,
            content_type,
            body,
        })
    }

    /// Returns a query parameter; empty if it is missing.
    #[must_use]
    pub fn query(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }
}

/// A name for the request that is the same in each run, such as `update backuptasks/status
/// nightly-1`. Names of events contain the time, so an event is named after its object.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.word(), self.plural)?;
        if !self.subresource.is_empty() {
            write!(f, "/{}", self.subresource)?;
        }
        if self.plural == "events" && self.body.is_object() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let about = text(&self.body["regarding"]["name"]);
            return write!(f, " {about}:{}", text(&self.body["reason"]));
        }
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, uri: &str, body: &str) -> Result<Call, Refusal> {
        let request = http::Request::builder().method(method).uri(uri).body(());
        let (parts, ()) = request.unwrap().into_parts();
        Call::read(&parts, body.as_bytes())
    }

    const TASKS: &str = "/apis/backup.oceanbase.io/v1alpha1/namespaces/pay/backuptasks";

    #[test]
    fn a_request_goes_by_verb_resource_and_name() {
        let named = |method, uri: &str, body| call(method, uri, body).unwrap().to_string();
        let status = format!("{TASKS}/a/status?");
        assert_eq!(named("PUT", &status, "{}"), "update backuptasks/status a");
        let body = r#"{"metadata": {"name": "b"}}"#;
        assert_eq!(named("POST", TASKS, body), "create backuptasks b");
        let watch = "/api/v1/secrets?watch=true";
        assert_eq!(named("GET", watch, ""), "watch secrets");
    }

    #[test]
    fn an_event_goes_by_what_it_is_about() {
        let body = r#"{"regarding": {"name": "nightly"}, "reason": "BackupMissed"}"#;
        let uri = "/apis/events.k8s.io/v1/namespaces/pay/events";
        let call = call("POST", uri, body).unwrap();
        assert_eq!(call.to_string(), "create events nightly:BackupMissed");
    }

    #[test]
    fn a_body_that_is_no_object_is_a_bad_request() {
        assert_eq!(call("POST", TASKS, "{").unwrap_err().code, 400);
    }
}
