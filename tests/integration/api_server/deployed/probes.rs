//! What the operator serves.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::eventually;
use crate::support::installation::OperatorProcess;

/// The status that an HTTP GET is answered with.
pub(super) fn status_of(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return "no connection".to_owned();
    };
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// Where the operator serves, from its log.
pub(super) fn address_of(operator: &OperatorProcess) -> String {
    let log = eventually(
        "an address in the log",
        || operator.log(),
        |log| log.contains("\"address\""),
    );
    let (_, rest) = log.split_once("\"address\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}
