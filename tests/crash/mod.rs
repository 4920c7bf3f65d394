//! kill -9 under load, and a disk that fills up: what was acknowledged is there once, nothing is there by half.

mod disk_full;
mod kill;
