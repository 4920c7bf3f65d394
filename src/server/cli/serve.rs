//! `kalam serve`: a server with the settings of a file.

use super::failure::Failure;
use super::{Serve, start};
use crate::config::Config;

pub(super) fn run(arguments: Serve) -> Result<(), Failure> {
    let config = Config::from_file(&arguments.config)?;
    start::run(config, async |_| Ok(()), |_| Ok(()))
}
