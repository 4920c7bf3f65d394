//! Tests of history as a whole: files alone, and flushes of a real engine.

mod files;
mod fixture;
mod flush;
mod model;
