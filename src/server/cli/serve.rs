//! `kalam serve`: a server with the settings of a file.

use super::failure::Failure;
use super::start::Hangup;
use super::{Serve, start};
use crate::config::Config;

pub(super) fn run(arguments: Serve) -> Result<(), Failure> {
    let config = Config::from_file(&arguments.config)?;
    start::run(config, Hangup::ReadsKeysAgain, async |_| Ok(()), |_| Ok(()))
}
