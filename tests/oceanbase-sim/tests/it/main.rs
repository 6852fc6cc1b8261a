//! Tests of the simulator's public interface: its states, its faults, its wire protocol.

#![allow(
    clippy::disallowed_methods,
    reason = "tests run beside real processes, in real time"
)]

#[cfg(test)]
mod access;
#[cfg(test)]
mod archiving;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod cleanup;
#[cfg(test)]
mod command;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod initiators;
#[cfg(test)]
mod previews;
#[cfg(test)]
mod privileges;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod restore_faults;
#[cfg(test)]
mod restore_refusals;
#[cfg(test)]
mod restores;
#[cfg(test)]
mod standbys;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod upgrades;
#[cfg(test)]
mod wire;
