//! Tests of the floor as a whole; tests of one module's inner workings sit in that module.

mod crash;
mod disk_full;
mod engine;
mod harness;
mod keys;
mod mirror;
mod overlay;
mod races;
mod reads;
mod rows;
