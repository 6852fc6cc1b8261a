//! Sizes in a spec.

/// Parses a size such as `8Gi`.
pub(super) fn gibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("Gi")?.parse().ok()
}
