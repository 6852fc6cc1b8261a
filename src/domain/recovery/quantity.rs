//! Quantities of a spec as the database counts them.

use crate::api::Quantity;
use crate::oceanbase::model::Cpu;

/// Returns a number of CPUs; `None` if it is invalid.
#[must_use]
pub fn cpu(quantity: &Quantity) -> Option<Cpu> {
    u32::try_from(quantity.milli_value()?).ok().map(Cpu)
}

/// Returns a number of bytes; `None` if it is invalid.
#[must_use]
pub fn bytes(quantity: &Quantity) -> Option<u64> {
    u64::try_from(quantity.value()?).ok()
}
