//! The operator against a real kube-apiserver.
